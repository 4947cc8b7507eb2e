"""Questions in other words: for the examples of an agent, and for the rows that the starter learns from."""
