"""The audit chain: events are added in the act's own transaction, and any later change to one is found."""

from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import func, or_, text
from sqlmodel import Session, col, select

from tuning.domain import audit as domain
from tuning.domain.audit import GENESIS, Anchor, AuditEvent, BrokenLink, Tag

WORKER = "worker"
"""Who acts when no person does."""
OPERATOR = "operator"
"""Who acts on the machine itself, with the program `attune`."""
_UNREADABLE = (LookupError, ValueError, TypeError)
"""What reading an event raises whose tag, moment or detail somebody has made into something else."""
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


def chain(session: Session) -> Generator[AuditEvent]:
    """Return every event in order, a thousand in memory at a time."""
    query = select(AuditEvent).order_by(col(AuditEvent.id)).execution_options(yield_per=1000)
    with closing(session.exec(query)) as found:
        yield from found


def first_broken_link(session: Session, anchors: Sequence[Anchor] = ()) -> BrokenLink | None:
    """Return the first event that isn't what was recorded, or None if the chain holds."""
    try:
        with closing(chain(session)) as found:
            return domain.first_broken_link(found, anchors)
    except _UNREADABLE:
        return _up_to_what_is_unreadable(session, anchors)


def _up_to_what_is_unreadable(session: Session, anchors: Sequence[Anchor]) -> BrokenLink:
    """Return the first event that isn't what was recorded, where one can't even be read: that, or one before it."""
    readable: list[AuditEvent] = []
    for event_id in session.exec(select(AuditEvent.id).order_by(col(AuditEvent.id))).all():
        try:
            readable.append(session.exec(select(AuditEvent).where(AuditEvent.id == event_id)).one())
        except _UNREADABLE:
            earlier = [anchor for anchor in anchors if anchor.event_id < (event_id or 0)]
            sentence = f"Event {event_id} can't be read: it was changed after it was recorded."
            unreadable = BrokenLink(event_id=event_id or 0, sentence=sentence)
            return domain.first_broken_link(readable, earlier) or unreadable
    msg = "Every event can be read now: verify again."
    raise RuntimeError(msg)


def head(session: Session) -> AuditEvent | None:
    """Return the newest event."""
    return session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(1)).first()


def newest(session: Session) -> int:
    """Return the number of the newest event; 0 if there is none."""
    return session.exec(select(func.max(AuditEvent.id))).one() or 0


def events(session: Session, subject_id: str) -> Sequence[AuditEvent]:
    """Return what happened to an agent, run, release ..., oldest first."""
    return session.exec(
        select(AuditEvent).where(AuditEvent.subject_id == subject_id).order_by(col(AuditEvent.id))
    ).all()


def about(session: Session, agent_id: str, subject_ids: Collection[str]) -> Sequence[AuditEvent]:
    """Return what happened to any of the subjects, or to anything else of an agent, oldest first."""
    of_agent = col(AuditEvent.detail)["agent_id"].as_string() == agent_id
    query = select(AuditEvent).where(or_(col(AuditEvent.subject_id).in_(subject_ids), of_agent))
    return session.exec(query.order_by(col(AuditEvent.id))).all()


def page(session: Session, *, before: int, about: str, limit: int) -> Sequence[AuditEvent]:
    """Return events newest first: before an event (0: the newest), about a subject or all of an agent ("": all)."""
    query = select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(limit)
    if before:
        query = query.where(col(AuditEvent.id) < before)
    if about:
        of_agent = col(AuditEvent.detail)["agent_id"].as_string() == about
        query = query.where(or_(col(AuditEvent.subject_id) == about, of_agent))
    return session.exec(query).all()
