"""Takes what was erased out of the database's files, where nobody waits for it."""

import logging

from sqlalchemy.exc import DBAPIError

from tuning.domain.jobs import MAX_ATTEMPTS, Job
from tuning.store import Store, jobs

log = logging.getLogger(__name__)


def carry_out(store: Store, job: Job) -> None:
    """Rewrite the database and finish the job; the store is the one of the job's lease.

    Lets errors of the database through as often as a job may be taken up: a table may be in use just then.
    """
    error = ""
    try:
        store.rewrite()
    except DBAPIError as refused:
        if job.attempts < MAX_ATTEMPTS:
            raise
        error = f"The database's files could not be rewritten ({type(refused.orig).__name__})."
        log.warning("%s What was erased may still be in free pages of theirs.", error)
    with store.transaction() as session:
        held = jobs.hold(session, job.id, job.worker_id)
        held.finish(error)
        session.add(held)
