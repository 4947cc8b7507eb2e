"""People talk to agents: the Bot Framework app, its commands, and the program `attune`."""
