"""Alembic versions of the schema, run by `Store.migrate`."""
