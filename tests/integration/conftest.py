"""What integration tests share: one store fixture that runs a test on SQLite and again on PostgreSQL."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tuning.domain.fields import new_id
from tuning.store import Store


def _postgresql_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a database server that is gone after the tests; it listens on a socket file only."""
    binaries = _postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    become = _as_unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        if become:
            shutil.chown(folder, "postgres", "postgres")
        data, options = str(folder / "data"), f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        subprocess.run(
            [*become, str(binaries / "initdb"), "-D", data, "-U", "attune", "--auth=trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        control = [*become, str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
        subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=folder)
        try:
            yield f"postgresql+psycopg://attune@/{{database}}?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _create_database(server: str, template: str = "template1") -> str:
    """Return the URL of a new database that begins as another."""
    name = f"t{new_id()}"
    engine = create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return server.format(database=name)


def _migrate(url: str) -> None:
    store = Store(url)
    store.migrate()
    store.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest version, to copy: migrating for each test would take longer than the test."""
    path: Path = tmp_path_factory.mktemp("migrated") / "store.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgresql: str) -> str:
    """The name of a PostgreSQL database at the newest version, to begin others as."""
    url = _create_database(postgresql)
    _migrate(url)
    return make_url(url).database or ""


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """What keeps the store."""
    kind: str = request.param
    return kind


@pytest.fixture
def store_url(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return _create_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def store(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[Store]:
    """A store at the newest version of the schema."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("migrated"), tmp_path / "store.db")
        store = Store(f"sqlite:///{tmp_path}/store.db")
    else:
        template = request.getfixturevalue("migrated_template")
        store = Store(_create_database(request.getfixturevalue("postgresql"), template))
    yield store
    store.close()
