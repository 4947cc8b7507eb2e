"""The one way into the database: transactions, reads and migrations. Knows connections, not nouns."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

BUSY_TIMEOUT_S = 10.0
_WAL_RETRY_S = 0.02
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = 0x41747475  # any number, the same in every process: PostgreSQL's advisory lock for migrations


class Store:
    """The database behind a URL: SQLite in WAL mode (one writer at a time, readers never wait) or PostgreSQL.

    Safe to use from any number of threads and processes; every call opens a session of its own.
    """

    def __init__(self, url: str | URL) -> None:
        """Open the database; a SQLite file and its folder are made when missing."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        engine = (
            _sqlite_engine(self.url)
            if self.is_sqlite
            else create_engine(self.url, pool_pre_ping=True, hide_parameters=True)
        )
        self._writing: Engine = engine.execution_options(is_writing=True)
        self._reading: Engine = (
            engine
            if self.is_sqlite
            else engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )

    @contextmanager
    def transaction(self) -> Generator[Session]:
        """Give a session that commits at the end and rolls back on an error; what it loaded stays usable afterwards."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Generator[Session]:
        """Give a session that sees one moment of the database and can't change it."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Give a bare connection in a transaction, for what every turn writes: a session takes three times as long."""
        with self._writing.begin() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Generator[Connection]:
        """Give a bare connection that can't change anything, for what every turn reads."""
        with self._reading.connect() as connection:
            yield connection

    def reach(self) -> None:
        """Ask the database for nothing; raise SQLAlchemy's `DBAPIError` if it doesn't answer."""
        with self.looking() as connection:
            connection.execute(text("SELECT 1"))

    def migrate(self) -> None:
        """Bring the schema to the newest version; of several processes at once, one does it and the others wait."""
        with self._writing.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def let_go(self) -> None:
        """Take what has been deleted out of the database's files too, as far as nobody is reading it just now.

        SQLite overwrites what is deleted, but its journal holds it until it is emptied; PostgreSQL uses the room again.
        """
        if self.is_sqlite:
            # Past SQLAlchemy, which would begin a transaction first: a journal in use can't be emptied.
            with closing(self._writing.raw_connection()) as connection, closing(connection.cursor()) as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rewrite(self) -> None:
        """Take out of the database's files what has been erased: no free page of theirs holds it afterwards.

        PostgreSQL rewrites every table, which nobody can use meanwhile; what its statistics know of it goes, too.
        """
        self.let_go()
        if not self.is_sqlite:
            with self._writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for statement in ("ANALYZE", "VACUUM FULL"):
                    connection.execute(text(statement))
                # Only some roles may, and the server does it by itself within minutes.
                with suppress(ProgrammingError):
                    connection.execute(text("CHECKPOINT"))

    def close(self) -> None:
        """Give the connections back."""
        self._writing.dispose()


def _sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # Errors are logged, and what people wrote must not be.
    waits = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_S}
    engine = create_engine(url, connect_args=waits, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, late and deferred: two writers that both read first
        # would then fail at once instead of waiting for each other.
        connection.isolation_level = None
        _write_ahead(connection)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_writing = connection.get_execution_options().get("is_writing", False)
        # What can't fail goes past SQLAlchemy, which takes longer for each of these than SQLite itself.
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA query_only={'OFF' if is_writing else 'ON'}")
        if is_writing:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            driver.execute("BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Put the file into WAL mode, once and for all; the one step at which SQLite itself doesn't wait for others."""
    give_up_at = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(_WAL_RETRY_S)
        else:
            return
