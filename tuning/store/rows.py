"""One row: read by its id, with a sentence for a row that is not there, or put in whether or not it is there."""

from typing import TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from tuning.domain.errors import NotFound
from tuning.languages import mark, say

Row = TypeVar("Row", bound=SQLModel)
_KINDS = {
    "Agent": mark("agent"),
    "Release": mark("release"),
    "Run": mark("run"),
    "Answer": mark("answer"),
    "Feedback": mark("feedback"),
    "Comparison": mark("comparison"),
    "Draft": mark("draft"),
    "Sample": mark("sample"),
    "Notice": mark("message"),
}
"""What people call what they may look for, within a sentence."""


def get(session: Session, kind: type[Row], row_id: str) -> Row:
    """Return the row; raise `NotFound` if there is none."""
    return _found(session.get(kind, row_id), kind, row_id)


def get_for_update(session: Session, kind: type[Row], row_id: str | int) -> Row:
    """Return the row as it is now, and let no other transaction change it before this one ends."""
    return _found(session.get(kind, row_id, with_for_update=True, populate_existing=True), kind, row_id)


def insert(session: Session, kind: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    """Return an insertion that can say what happens if the row is there already; both databases word it alike."""
    return sqlite.insert(kind) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(kind)


def _found(row: Row | None, kind: type[Row], row_id: str | int) -> Row:
    if row is None:
        msg = say(
            "There is no {kind} '{id}' (any more).",
            kind=say(_KINDS.get(kind.__name__, kind.__name__.lower())),
            id=row_id,
        )
        raise NotFound(msg)
    return row
