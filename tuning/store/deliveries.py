"""Queries on deliveries: stored before Teams is told that they have arrived, handed on when their process dies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, text, update
from sqlmodel import Session, col, select

from tuning.domain.deliveries import LEASE, REMEMBERED, Delivery

_TABLE = Delivery.__table__  # type: ignore[attr-defined]
_TYPES = {f"new_{column.name}": bindparam(f"new_{column.name}", type_=column.type) for column in _TABLE.columns}
_COLUMNS = [column.name for column in _TABLE.columns if not column.primary_key]
# What every turn needs is made once, and no objects of its rows.
_TAKE_IN = text(
    f"INSERT INTO delivery ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':new_{name}' for name in _COLUMNS)}) "  # noqa: S608
    "ON CONFLICT DO NOTHING RETURNING id"
).bindparams(*(_TYPES[f"new_{name}"] for name in _COLUMNS))
_FINISH = text("UPDATE delivery SET done_at = :new_done_at, activity = :new_activity WHERE id = :new_id").bindparams(
    *(_TYPES[f"new_{name}"] for name in ("done_at", "activity", "id"))
)
_DONE_AT = select(Delivery.done_at).where(col(Delivery.id) == bindparam("number"))


def take_in(
    connection: Connection,
    *,
    chat_id: str,
    activity_id: str,
    activity: dict[str, Any],
    holder_id: str,
    at: datetime,
    is_done: bool = False,
) -> int | None:
    """Keep a delivery and return its number; None if it is not the first of its activity.

    One that is done already is only remembered.
    """
    values = {
        "new_chat_id": chat_id,
        "new_activity_id": activity_id,
        "new_activity": activity,
        "new_holder_id": holder_id,
        "new_held_until": at + LEASE,
        "new_attempts": 1,
        "new_received_at": at,
        "new_done_at": at if is_done else None,
    }
    number: int | None = connection.execute(_TAKE_IN, values).scalar()
    return number


def received_at(connection: Connection, chat_id: str, activity_id: str) -> datetime | None:
    """Return when an activity was delivered first; None if it wasn't, or that is forgotten."""
    query = select(Delivery.received_at).where(Delivery.chat_id == chat_id, Delivery.activity_id == activity_id)
    found: datetime | None = connection.execute(query).scalar()
    return found


def prolong(session: Session, holder_id: str, at: datetime) -> None:
    """Keep what a process works on for another while."""
    session.exec(update(Delivery).where(_held_by(holder_id)).values(held_until=at + LEASE))


def are_abandoned(session: Session, at: datetime) -> bool:
    """Return whether there is anything to adopt; a look that keeps no writer waiting."""
    return session.exec(select(Delivery.id).where(_abandoned(at)).limit(1)).first() is not None


def adopt(session: Session, holder_id: str, at: datetime) -> Sequence[Delivery]:
    """Hand over what processes have left behind that fell silent, oldest first."""
    found = session.exec(
        select(Delivery).where(_abandoned(at)).order_by(col(Delivery.id)).with_for_update(skip_locked=True)
    ).all()
    for delivery in found:
        delivery.holder_id, delivery.held_until = holder_id, at + LEASE
        delivery.attempts += 1
        session.add(delivery)
    return found


def give_back(session: Session, holder_id: str, at: datetime) -> None:
    """Let other processes go on at once with what this one has not finished."""
    session.exec(update(Delivery).where(_held_by(holder_id)).values(held_until=at))


def withdraw(session: Session, chat_id: str, person_id: str, activity_id: str, at: datetime, *, but: str) -> bool:
    """Let nobody (go on to) deal with a person's message, nor with changes of it; return whether there was anything.

    What was delivered as `but` stays: it is the change that withdraws the others, and Teams may deliver it twice.
    """
    key = col(Delivery.activity_id)
    its_own = and_(or_(key == activity_id, key.startswith(f"{activity_id}:", autoescape=True)), key != but)
    waiting = select(Delivery).where(Delivery.chat_id == chat_id, its_own, col(Delivery.done_at).is_(None))
    found = [one for one in session.exec(waiting) if one.activity.get("person_id") == person_id]
    for delivery in found:
        finish(session.connection(), delivery.id or 0, at)
    return bool(found)


def is_open(connection: Connection, delivery_id: int) -> bool:
    """Return whether a delivery has still to be dealt with."""
    return connection.execute(_DONE_AT, {"number": delivery_id}).scalar() is None


def count_open(session: Session) -> int:
    """Return how many deliveries have still to be dealt with, by whatever process."""
    return session.exec(select(func.count()).select_from(Delivery).where(col(Delivery.done_at).is_(None))).one()


def finish(connection: Connection, delivery_id: int, at: datetime) -> None:
    """Note that it has been dealt with; what was said is not kept."""
    connection.execute(_FINISH, {"new_id": delivery_id, "new_done_at": at, "new_activity": {}})


def forget(session: Session, at: datetime) -> None:
    """Forget what has been dealt with long ago."""
    session.exec(delete(Delivery).where(col(Delivery.done_at) < at - REMEMBERED))


def _held_by(holder_id: str) -> ColumnElement[bool]:
    return and_(col(Delivery.done_at).is_(None), col(Delivery.holder_id) == holder_id)


def _abandoned(at: datetime) -> ColumnElement[bool]:
    return and_(col(Delivery.done_at).is_(None), col(Delivery.held_until) <= at)
