"""Column types and defaults that the table classes have in common."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

# Without 0, o, 1, l and vowels: ids are typed by people in chat, and must not spell words.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def new_id() -> str:
    """Return a random id of eight characters that can be read out and typed (about 38 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


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
