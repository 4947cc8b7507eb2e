"""How agents are used, as a page: a tab in Teams, and on this machine in development."""
