"""Column types and defaults that the table classes have in common."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Index, text
from sqlalchemy.types import TypeDecorator

# Without 0, o, 1, l and vowels: ids are typed by people in chat, and must not spell words.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def new_id() -> str:
    """Return a random id of eight characters that can be read out and typed (about 38 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def words(kind: type[StrEnum]) -> Enum:
    """Return the column type that stores an enum's values as plain text, so that a new value needs no migration."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda words: [word.value for word in words])


def one_per(*columns: str, name: str, where: str) -> Index:
    """Return the index by which the database itself refuses a second such row where the condition holds."""
    return Index(name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC that comes back from every database with its time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store UTC; a naive value is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"A moment without time zone can't be stored: {value!r}."
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware value."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
