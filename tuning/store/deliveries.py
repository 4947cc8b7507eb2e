"""Queries on deliveries: stored before Teams is told that they have arrived, handed on when their process dies."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from tuning.domain.deliveries import LEASE, REMEMBERED, Delivery


def take_in(session: Session, delivery: Delivery) -> bool:
    """Keep a delivery; return whether it is the first of its activity."""
    try:
        with session.begin_nested():
            session.add(delivery)
    except IntegrityError:
        return False
    return True


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


def withdraw(session: Session, chat_id: str, person_id: str, activity_id: str, at: datetime) -> bool:
    """Let nobody (go on to) deal with a person's message, nor with changes of it; return whether there was anything."""
    key = col(Delivery.activity_id)
    its_own = or_(key == activity_id, key.startswith(f"{activity_id}:", autoescape=True))
    waiting = select(Delivery).where(Delivery.chat_id == chat_id, its_own, col(Delivery.done_at).is_(None))
    found = [one for one in session.exec(waiting) if one.activity.get("person_id") == person_id]
    for delivery in found:
        finish(session, delivery.id or 0, at)
    return bool(found)


def is_open(session: Session, delivery_id: int) -> bool:
    """Return whether a delivery has still to be dealt with."""
    return session.exec(select(Delivery.done_at).where(Delivery.id == delivery_id)).first() is None


def count_open(session: Session) -> int:
    """Return how many deliveries have still to be dealt with, by whatever process."""
    return session.exec(select(func.count()).select_from(Delivery).where(col(Delivery.done_at).is_(None))).one()


def finish(session: Session, delivery_id: int, at: datetime) -> None:
    """Note that it has been dealt with; what was said is not kept, and after a day nothing is."""
    session.exec(update(Delivery).where(col(Delivery.id) == delivery_id).values(done_at=at, activity={}))
    session.exec(delete(Delivery).where(col(Delivery.done_at) < at - REMEMBERED))


def _held_by(holder_id: str) -> ColumnElement[bool]:
    return and_(col(Delivery.done_at).is_(None), col(Delivery.holder_id) == holder_id)


def _abandoned(at: datetime) -> ColumnElement[bool]:
    return and_(col(Delivery.done_at).is_(None), col(Delivery.held_until) <= at)
