"""A migrated store and an organisation for the backend's unit tests."""

import shutil
from collections.abc import Iterator

import pytest

from tests.factories import make_tenant
from tuning.governance.tenant import Tenant
from tuning.store import Store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A database file at the newest version, to copy: migrating for each test would take most of the time."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def store(migrated, tmp_path) -> Iterator[Store]:
    """An empty store."""
    shutil.copy(migrated, tmp_path / "store.db")
    store = Store(f"sqlite:///{tmp_path}/store.db")
    yield store
    store.close()


@pytest.fixture
def tenant(store, tmp_path) -> Tenant:
    """An organisation: Ana owns agents, Bo works with her, Cy and Dee are admins, Gus is a guest."""
    return make_tenant(store, tmp_path)
