"""When sources are synced, and by which job: only one at a time."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from tuning.domain.documents import Source
from tuning.domain.jobs import Job
from tuning.store import rows


def get_for_update(session: Session, source_id: str) -> Source:
    """Return the source and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Source, source_id)


def due(session: Session, at: datetime) -> list[Source]:
    """Return the sources whose sync is due, or which have no place in the schedule, kept from other changes."""
    is_due = or_(col(Source.next_sync_at).is_(None), col(Source.next_sync_at) <= at)
    return list(session.exec(select(Source).where(is_due).order_by(col(Source.id)).with_for_update()))


def are_due(session: Session, at: datetime) -> bool:
    """Return whether the schedule has anything to do; a look that keeps no writer waiting."""
    is_due = or_(col(Source.next_sync_at).is_(None), col(Source.next_sync_at) <= at)
    return session.exec(select(Source.id).where(is_due).limit(1)).first() is not None


def readable(session: Session, source_ids: Collection[str], at: datetime) -> list[str]:
    """Return those of some sources whose access lists are not too old to go by at a moment."""
    is_over = (col(Source.id).in_(source_ids), col(Source.readable_until) < at)
    over = set(session.exec(select(Source.id).where(*is_over)))
    return [source_id for source_id in source_ids if source_id not in over]


def take(session: Session, source_id: str, job_id: str, at: datetime) -> bool:
    """Let a job be the only one that syncs a source; return False while another one does, whose worker lives."""
    source = get_for_update(session, source_id)
    holder = session.get(Job, source.syncing_job_id) if source.syncing_job_id not in {"", job_id} else None
    if holder is not None and holder.is_held(at):
        return False
    source.syncing_job_id = job_id
    session.add(source)
    return True


def leave(session: Session, source_id: str, job_id: str) -> None:
    """Let other jobs sync a source again."""
    session.exec(
        update(Source)
        .where(col(Source.id) == source_id, col(Source.syncing_job_id) == job_id)
        .values(syncing_job_id="")
    )
