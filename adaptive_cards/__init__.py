"""What people see: pure functions from domain values to Adaptive Cards (JSON as dicts), one file per card."""
