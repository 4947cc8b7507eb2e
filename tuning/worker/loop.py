"""The worker's life: claim a job, carry it out, claim the next."""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from serving.logs import about
from tuning.domain.fields import new_id, now
from tuning.domain.jobs import Job
from tuning.store import Store, jobs
from tuning.store.errors import LeaseLost
from tuning.worker.errors import Stopped, TakenOver
from tuning.worker.lease import BEAT_S, Lease
from tuning.worker.progress import Progress

POLL_S = 0.5
_ENDS_WITHIN_S = 5.0
"""How long what is done beside jobs may take to end."""

log = logging.getLogger(__name__)

Work = Callable[[Lease, Job, Progress], None]
"""Carries one job out and finishes it."""


def worker_name() -> str:
    """Return a name that no other worker has."""
    return f"{socket.gethostname()}-{os.getpid()}-{new_id()}"


@dataclass
class Loop:
    """One worker; `stop` ends it, with the job given back."""

    store: Store
    work: Work
    name: str = field(default_factory=worker_name)
    stop: threading.Event = field(default_factory=threading.Event)
    between: Callable[[], None] = lambda: None
    """Done between jobs, again and again."""
    beside: Callable[[], None] = lambda: None
    """Done again and again beside them, in a thread of its own."""
    beat_s: float = BEAT_S
    poll_s: float = POLL_S

    def run(self) -> None:
        """Carry out jobs until asked to stop."""
        beside = threading.Thread(target=self._go_beside, name="chores", daemon=True)
        beside.start()
        try:
            while not self.stop.is_set():
                self._go_on()
        finally:
            if self.stop.is_set():
                beside.join(_ENDS_WITHIN_S)

    def _go_on(self) -> None:
        try:
            self.between()
            found = self.run_once()
        except DBAPIError as error:
            log.warning("The store can't be used at the moment (%s); trying again.", type(error.orig).__name__)
            found = False
        if not found:
            self.stop.wait(self.poll_s)

    def _go_beside(self) -> None:
        while not self.stop.is_set():
            try:
                self.beside()
            except DBAPIError as error:
                log.warning("The store can't be used at the moment (%s); trying again.", type(error.orig).__name__)
            except Exception:
                log.exception("What a worker does beside its jobs failed; trying again.")
            self.stop.wait(self.poll_s)

    def run_until_signalled(self) -> None:
        """Carry out jobs until SIGTERM or Ctrl-C, in the process's main thread."""

        def interrupt(_signal: int, _frame: object) -> None:
            # Raised once, wherever the work is just now; what is half done in the store is rolled back.
            if not self.stop.is_set():
                self.stop.set()
                raise Stopped

        signal.signal(signal.SIGTERM, interrupt)
        signal.signal(signal.SIGINT, interrupt)
        with contextlib.suppress(Stopped):
            self.run()

    def run_once(self) -> bool:
        """Carry out one job if there is one, and return whether there was."""
        with self.store.reading() as session:
            if not jobs.has_work(session, now()):
                return False
        with self.store.transaction() as session:
            job = jobs.claim(session, self.name, now())
        if job is None:
            return False
        with about(job.request_id or job.id):
            self._carry_out(job)
        return True

    def _carry_out(self, job: Job) -> None:
        log.info("%s %s: begins (attempt %d).", job.kind, job.subject_id, job.attempts)
        with Lease(self.store, job, beat_s=self.beat_s) as lease:
            try:
                self.work(lease, job, Progress(lease, job, self.stop))
                log.info("%s %s: ends.", job.kind, job.subject_id)
            except Stopped:
                self._give_back(lease, job)
            except (TakenOver, LeaseLost):
                log.warning("%s %s: another worker has it now.", job.kind, job.subject_id)

    def _give_back(self, lease: Lease, job: Job) -> None:
        with contextlib.suppress(TakenOver), lease.store.transaction() as session:
            held = jobs.hold(session, job.id, job.worker_id)
            held.give_back(counts=False)
            session.add(held)
            log.info("%s %s: given back.", job.kind, job.subject_id)
