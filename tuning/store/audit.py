"""The audit chain: events are added in the act's own transaction, and any later change to one is found."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from tuning.domain.audit import GENESIS, AuditEvent, Tag

WORKER = "worker"
"""Who acts when no person does."""
_CHAIN = 0x61756469  # PostgreSQL's advisory lock: one link is added at a time


def record(session: Session, tag: Tag, actor_id: str, subject_id: str, **detail: Any) -> AuditEvent:
    """Add an event to the chain; it becomes true together with what the transaction changes, or not at all.

    Until the transaction ends no other one can add an event, so this comes last in a use case.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN})
    last = session.exec(select(AuditEvent.hash).order_by(col(AuditEvent.id).desc()).limit(1)).first()
    event = AuditEvent(
        tag=tag, actor_id=actor_id, subject_id=subject_id, detail=detail, previous=last or GENESIS, hash=""
    )
    event.hash = event.digest()
    session.add(event)
    session.flush()
    return event


def first_broken_link(session: Session) -> int | None:
    """Return the id of the first event that was edited, moved, or follows a gap; None if the chain holds."""
    previous = GENESIS
    chain = select(AuditEvent).order_by(col(AuditEvent.id)).execution_options(yield_per=1000)
    with closing(session.exec(chain)) as events_in_order:
        for event in events_in_order:
            if event.previous != previous or event.hash != event.digest():
                return event.id
            previous = event.hash
    return None


def events(session: Session, subject_id: str) -> Sequence[AuditEvent]:
    """Return what happened to an agent, run, release ..., oldest first."""
    return session.exec(
        select(AuditEvent).where(AuditEvent.subject_id == subject_id).order_by(col(AuditEvent.id))
    ).all()
