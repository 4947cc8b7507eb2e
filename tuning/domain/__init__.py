"""The nouns of Attune: values and table classes whose methods are the state changes; no session, no I/O."""
