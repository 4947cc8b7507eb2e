"""The queue: jobs are rows, each held by one worker at a time through a lease that it must keep prolonging."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from serving.logs import current
from tuning.domain.jobs import LEASE, Job, JobKind, JobState
from tuning.store.errors import LeaseLost

_OPEN = (JobState.QUEUED, JobState.CLAIMED)


def enqueue(session: Session, kind: JobKind, subject_id: str, **payload: str) -> Job:
    """Add a job, or return the one for that subject that is not done yet; it knows the request that it comes of."""
    if current():
        payload = {"request_id": current(), **payload}
    try:
        with session.begin_nested():
            job = Job(kind=kind, subject_id=subject_id, payload=payload)
            session.add(job)
    except IntegrityError:
        return session.exec(_open(kind, subject_id)).one()
    return job


def open_job(session: Session, kind: JobKind, subject_id: str) -> Job | None:
    """Return the job for that subject that is not done yet, and keep workers from claiming it meanwhile."""
    return session.exec(_open(kind, subject_id).with_for_update()).first()


def has_work(session: Session, at: datetime) -> bool:
    """Return whether there is a job to claim; a look that keeps no writer waiting."""
    return session.exec(select(Job.id).where(_claimable(at)).limit(1)).first() is not None


def count_open(session: Session) -> int:
    """Return how many jobs wait or are being carried out."""
    return session.exec(select(func.count()).select_from(Job).where(col(Job.state).in_(_OPEN))).one()


def claim(session: Session, worker_id: str, at: datetime) -> Job | None:
    """Hand out the oldest job that is queued or whose lease ran out; None if there is nothing to do."""
    job = session.exec(
        select(Job)
        .where(_claimable(at))
        .order_by(col(Job.created_at), col(Job.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if job is not None:
        job.claim(worker_id, at)
        session.add(job)
    return job


def beat(session: Session, job_id: str, worker_id: str, at: datetime) -> None:
    """Prolong the lease; raise `LeaseLost` if the worker does not hold the job any more."""
    held = session.exec(update(Job).where(_held(job_id, worker_id)).values(leased_until=at + LEASE))
    if held.rowcount != 1:
        raise LeaseLost


def hold(session: Session, job_id: str, worker_id: str) -> Job:
    """Return the job and keep it until the transaction ends; raise `LeaseLost` if it is another worker's by now."""
    job = session.exec(select(Job).where(_held(job_id, worker_id)).with_for_update()).first()
    if job is None:
        raise LeaseLost
    return job


def _open(kind: JobKind, subject_id: str) -> SelectOfScalar[Job]:
    return select(Job).where(Job.kind == kind, Job.subject_id == subject_id, col(Job.state).in_(_OPEN))


def _claimable(at: datetime) -> ColumnElement[bool]:
    ran_out = and_(col(Job.state) == JobState.CLAIMED, col(Job.leased_until) < at)
    return or_(col(Job.state) == JobState.QUEUED, ran_out)


def _held(job_id: str, worker_id: str) -> ColumnElement[bool]:
    return and_(col(Job.id) == job_id, col(Job.worker_id) == worker_id, col(Job.state) == JobState.CLAIMED)
