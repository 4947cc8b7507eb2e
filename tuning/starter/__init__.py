"""The starter: the small base model that ships, and the recipe that makes it out of text it invents itself."""
