"""Documents, pairs and accepted corrections made into a frozen, hashed dataset, every example with its provenance."""
