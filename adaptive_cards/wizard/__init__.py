"""The steps in which an owner makes an agent; each can be opened again later."""
