"""Syncs by schedule: each source at its own time, as a job; one that can't be done is told once and tried again."""

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tuning.documents.extraction import Extractor
from tuning.domain.audit import Tag
from tuning.domain.documents import Source, SourceKind
from tuning.domain.errors import NotFound, Refusal
from tuning.domain.fields import now
from tuning.domain.jobs import MAX_ATTEMPTS, Job, JobKind
from tuning.domain.notices import NoticeKind
from tuning.governance.tenant import Tenant
from tuning.releases import watch
from tuning.sources.errors import SourceGone
from tuning.store import Store, agents, audit, jobs, notices, sources
from tuning.worker.sources import sync_source

log = logging.getLogger(__name__)


def schedule(store: Store, interval: timedelta) -> None:
    """Queue the syncs that are due, and give sources that have none yet their place in the schedule."""
    with store.reading() as session:
        if not sources.are_due(session, now()):
            return
    with store.transaction() as session:
        for source in sources.due(session, now()):
            if source.next_sync_at is not None:
                jobs.enqueue(session, JobKind.SOURCE_SYNC, source.id)
            source.schedule(now(), interval)
            session.add(source)


def carry_out(tenant: Tenant, job: Job, check: Callable[[], None], interval: timedelta) -> None:
    """Sync a source and finish the job; the tenant's store is the one of the job's lease.

    Lets `Stopped`, `TakenOver` and errors of the database through: then the job is taken up again.
    """
    try:
        if job.attempts > MAX_ATTEMPTS:
            _fail(tenant, job, f"The worker died {MAX_ATTEMPTS} times while it synced this source.", interval)
            return
        _sync(tenant, job, check)
        _succeed(tenant.store, job, interval)
    except NotFound as gone:  # the source was erased while its sync waited
        _finish(tenant.store, job, gone.english)
    except Refusal as refusal:
        _fail(tenant, job, refusal.english, interval)
    except DBAPIError:
        raise
    except Exception as error:
        log.exception("The sync of source %s failed unexpectedly.", job.subject_id)
        _fail(tenant, job, f"Something went wrong that Attune did not expect ({type(error).__name__}).", interval)


def _sync(tenant: Tenant, job: Job, check: Callable[[], None]) -> None:
    try:
        with Extractor() as extractor:
            sync_source(tenant, job.subject_id, extractor, job_id=job.id, check=check)
    except SourceGone:  # then the releases' documents are gone, too
        watch.compare(tenant)
        raise
    watch.compare(tenant)


def _succeed(store: Store, job: Job, interval: timedelta) -> None:
    with store.transaction() as session:
        source = sources.get_for_update(session, job.subject_id)
        source.note_synced(now(), interval)
        session.add(source)
        notices.settle(session, NoticeKind.SOURCE_FAILED, source.id)
        _close(session, job, "")


def _fail(tenant: Tenant, job: Job, sentence: str, interval: timedelta) -> None:
    with tenant.store.transaction() as session:
        try:
            source = sources.get_for_update(session, job.subject_id)
        except NotFound:  # erased while it was synced
            _close(session, job, sentence)
            return
        source.note_failed(sentence, now(), interval)
        session.add(source)
        _close(session, job, sentence)
        if source.sync_failures == 1:
            notices.notify(session, NoticeKind.SOURCE_FAILED, _owners(session, source), source.id)
        audit.record(
            session, Tag.SOURCE_FAILED, audit.WORKER, source.id, sentence=sentence, failures=source.sync_failures
        )


def _owners(session: Session, source: Source) -> set[str]:
    """Return who answers for what is learned from a source."""
    owners = {agent.owner_id for agent in agents.every(session) if source.id in agent.source_ids}
    return owners | ({source.location} if source.kind == SourceKind.UPLOAD else set())


def _finish(store: Store, job: Job, error: str) -> None:
    with store.transaction() as session:
        _close(session, job, error)


def _close(session: Session, job: Job, error: str) -> None:
    held = jobs.hold(session, job.id, job.worker_id)
    held.finish(error)
    session.add(held)
