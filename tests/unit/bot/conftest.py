"""The backend's fixtures: an empty store."""

from tests.unit.tuning.conftest import migrated, store

__all__ = ["migrated", "store"]
