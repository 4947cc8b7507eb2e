"""Who may do what: access, eligibility, agents, feedback. What it doesn't know it refuses."""
