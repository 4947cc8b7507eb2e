"""A job: a row that exactly one worker at a time holds by a lease."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now, one_per, words

LEASE = timedelta(seconds=10)
MAX_ATTEMPTS = 5
"""How often a job is taken up again without coming further, before it counts as failed."""


class JobKind(StrEnum):
    """What a worker can do."""

    RUN_TRAIN = "run.train"
    SOURCE_SYNC = "source.sync"
    STORE_REWRITE = "store.rewrite"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


class Job(SQLModel, table=True):
    """Work that survives any process."""

    __table_args__ = (one_per("kind", "subject_id", name="open_job", where="state IN ('queued', 'claimed')"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: JobKind = Field(sa_type=words(JobKind))
    subject_id: str = Field(index=True)
    """The run or source that the job is about, or the event of the erasure that it ends."""
    payload: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    state: JobState = Field(default=JobState.QUEUED, index=True, sa_type=words(JobState))
    worker_id: str = ""
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    error: str = ""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def request_id(self) -> str:
        """The request that asked for it, as the logs name it; empty if nobody did."""
        return self.payload.get("request_id", "")

    def claim(self, worker_id: str, at: datetime) -> None:
        """Hand the job to a worker until the lease runs out."""
        self.state, self.worker_id = JobState.CLAIMED, worker_id
        self.leased_until = at + LEASE
        self.attempts += 1

    def is_held(self, at: datetime) -> bool:
        """Return whether a worker that lives has it."""
        return self.state == JobState.CLAIMED and self.leased_until is not None and self.leased_until >= at

    def beat(self, at: datetime) -> None:
        """Prolong the lease."""
        self.leased_until = at + LEASE

    def give_back(self, *, counts: bool) -> None:
        """Let any worker take it, and say whether this attempt counts as one that failed."""
        self.state, self.worker_id, self.leased_until = JobState.QUEUED, "", None
        self.attempts -= not counts

    def progress(self) -> None:
        """Forget earlier attempts, because this one came further."""
        self.attempts = 1

    def finish(self, error: str = "") -> None:
        """End the job, with the sentence of what went wrong if it failed."""
        self.state, self.error = (JobState.FAILED if error else JobState.DONE), error
        self.leased_until = None
