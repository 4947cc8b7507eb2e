"""Holding a job: a thread keeps prolonging the lease, and nothing is written once the lease is another worker's."""

import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tuning.domain.fields import now
from tuning.domain.jobs import LEASE, Job
from tuning.store import Store, jobs
from tuning.store.errors import LeaseLost
from tuning.worker.errors import TakenOver

BEAT_S = LEASE.total_seconds() / 5

log = logging.getLogger(__name__)


class LeasedStore(Store):
    """A store whose transactions go through only while the job is ours.

    A worker that was believed dead and then wakes up changes nothing any more.
    """

    def __init__(self, store: Store, job: Job) -> None:
        """Open the same database for work on one job."""
        super().__init__(store.url)
        self._job_id, self._worker_id = job.id, job.worker_id

    @contextmanager
    def transaction(self) -> Generator[Session]:
        """Give a session that commits at the end; raise `TakenOver` if another worker holds the job."""
        with super().transaction() as session:
            try:
                jobs.hold(session, self._job_id, self._worker_id)
            except LeaseLost as lost:
                raise TakenOver from lost
            yield session


class Lease:
    """The hold on one job, for the length of a `with` block."""

    def __init__(self, store: Store, job: Job, *, beat_s: float = BEAT_S) -> None:
        """Take a job just claimed."""
        self.store = LeasedStore(store, job)
        self._heart = store
        self._job = job
        self._beat_s = beat_s
        self._ends = threading.Event()
        self._is_lost = False
        self._thread = threading.Thread(target=self._beat, name=f"lease {job.id}", daemon=True)

    def __enter__(self) -> Self:
        """Begin to prolong the lease."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop prolonging it; it runs out by itself unless the job was finished or given back."""
        self._ends.set()
        self._thread.join()
        self.store.close()

    def check(self) -> None:
        """Raise `TakenOver` if the job is another worker's, or may be."""
        if self._is_lost:
            raise TakenOver

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._ends.wait(self._beat_s):
            try:
                with self._heart.transaction() as session:
                    jobs.beat(session, self._job.id, self._job.worker_id, now())
                last = time.monotonic()
            except LeaseLost:
                self._is_lost = not self._ends.is_set()
                return
            except DBAPIError:
                log.warning("The lease of job %s could not be prolonged; trying again.", self._job.id)
            if time.monotonic() - last > LEASE.total_seconds():
                self._is_lost = True
                return
