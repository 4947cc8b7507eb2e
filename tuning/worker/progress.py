"""A run's progress: how far it is and how long it will take, written to its row about once a second."""

import threading
import time
from collections.abc import Mapping, Sequence

from tuning.domain.errors import RunFailed
from tuning.domain.jobs import Job
from tuning.domain.runs import STAGES, Run, Stage
from tuning.languages import number, say
from tuning.store import jobs, policy, runs
from tuning.worker.errors import Cancelled, Stopped
from tuning.worker.lease import Lease

WRITE_EVERY_S = 1.0
FIRST_GUESS_S: Mapping[Stage, float] = {
    Stage.SYNC: 5.0,
    Stage.DATASET: 30.0,
    Stage.BASELINE: 10.0,
    Stage.TRAINING: 90.0,
    Stage.EXPORT: 5.0,
    Stage.EVALUATION: 40.0,
}
"""How long each stage takes, until a run has shown it."""
_ENOUGH = 0.1
"""From this share of a stage on its own pace tells more than the last run's."""


def estimate(stage: Stage, fraction: float, elapsed_s: float, expected_s: Mapping[Stage, float]) -> tuple[float, float]:
    """Return the share of the whole run that is done, 0 to 1, and the seconds left."""
    here = STAGES.index(stage)
    own = elapsed_s / fraction if fraction >= _ENOUGH else max(expected_s[stage], elapsed_s)
    later = sum(expected_s[one] for one in STAGES[here + 1 :])
    earlier = sum(expected_s[one] for one in STAGES[:here])
    done = earlier + expected_s[stage] * fraction
    return done / (earlier + expected_s[stage] + later), own * (1 - fraction) + later


class Progress:
    """What the stages of one run call as they go; every call is also where the run can be interrupted."""

    def __init__(self, lease: Lease, job: Job, stop: threading.Event) -> None:
        """Take the lease on the run's job; the last run that came through tells how long stages take."""
        self._lease, self._job, self._stop = lease, job, stop
        with lease.store.reading() as session:
            last = runs.last_ready(session)
        seconds = last.metrics.get("seconds", {}) if last else {}
        self._expected = {stage: float(seconds.get(stage, guess)) for stage, guess in FIRST_GUESS_S.items()}
        self._stage = Stage.SYNC
        self._fraction, self._best = 0.0, 0.0
        self._began = self._written = time.monotonic()
        self._earlier_s = 0.0
        self._losses: list[list[float]] | None = None

    @property
    def job_id(self) -> str:
        """The job that this is the progress of."""
        return self._job.id

    def enter(self, stage: Stage) -> Run:
        """Begin a stage, or take it up again, and return the run as it is then."""
        with self._lease.store.transaction() as session:
            run = runs.get_for_update(session, self._job.subject_id)
            if run.stage != stage:
                job = jobs.hold(session, self._job.id, self._job.worker_id)
                job.progress()
                session.add(job)
            run.enter(stage)
            session.add(run)
        self._stage, self._fraction, self._began, self._written = stage, 0.0, time.monotonic(), 0.0
        self._earlier_s = float(run.metrics.get("seconds", {}).get(stage, 0.0))
        self._best = run.progress
        self(0.0)
        return run

    def __call__(self, fraction: float, losses: Sequence[Sequence[float]] | None = None) -> None:
        """Note how much of the stage is done, 0 to 1; raise an `Interrupted` when the run must not go on."""
        self._fraction = min(max(fraction, 0.0), 1.0)
        if losses is not None:
            self._losses = [list(pair) for pair in losses]
        self.check()
        if time.monotonic() - self._written >= WRITE_EVERY_S:
            self.write()

    def tick(self) -> None:
        """Say that the stage still goes on, without news."""
        self(self._fraction)

    def check(self) -> None:
        """Raise `Stopped` or `TakenOver` if this worker must not go on."""
        if self._stop.is_set():
            raise Stopped
        self._lease.check()

    def write(self) -> None:
        """Bring the run's row up to date; raise `Cancelled` if a person wants it to end, `RunFailed` if time is up."""
        elapsed_s = time.monotonic() - self._began
        done, left_s = estimate(self._stage, self._fraction, elapsed_s, self._expected)
        self._best = max(self._best, done)  # a stage taken up again must not move the bar back
        with self._lease.store.transaction() as session:
            run = runs.get_for_update(session, self._job.subject_id)
            run.progress, run.seconds_left = self._best, left_s
            seconds = {**run.metrics.get("seconds", {}), self._stage.value: round(self._earlier_s + elapsed_s, 3)}
            run.metrics = {**run.metrics, "seconds": seconds}
            if self._losses is not None:
                run.losses = self._losses
            session.add(run)
            minutes = policy.get(session).minutes_per_run
        self._written = time.monotonic()
        if run.cancel_requested:
            raise Cancelled
        if sum(seconds.values()) > 60 * minutes:
            raise RunFailed(
                "out_of_minutes",
                say(
                    "The run took longer than the {minutes} compute minutes that your organisation allows.",
                    minutes=number(minutes),
                ),
                say("Learn from fewer documents, or ask an admin for more minutes, then retry it."),
            )
