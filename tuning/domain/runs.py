"""A run: documents to a candidate release, in stages that each can be repeated."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.errors import WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, one_per, words
from tuning.languages import mark, say


class Stage(StrEnum):
    """The stages of a run, in order."""

    SYNC = "sync"
    DATASET = "dataset"
    BASELINE = "baseline"
    """What the base model scores without tuning: what the release has to beat."""
    TRAINING = "training"
    EXPORT = "export"
    EVALUATION = "evaluation"


STAGES = tuple(Stage)


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    LABELLING = "needs labels"
    """Its owner wants to look at samples before anything is learned."""
    READY = "ready"
    """There is a candidate release to review."""
    FAILED = "failed"
    CANCELLED = "cancelled"


STATES = {
    RunState.QUEUED: mark("queued"),
    RunState.RUNNING: mark("running"),
    RunState.LABELLING: mark("waiting for labels"),
    RunState.READY: mark("ready"),
    RunState.FAILED: mark("failed"),
    RunState.CANCELLED: mark("cancelled"),
}
"""What people call a state, within a sentence."""
OPEN = (RunState.QUEUED, RunState.RUNNING, RunState.LABELLING)
"""Where a run is not over; an agent has one such run at most."""


class Run(SQLModel, table=True):
    """One attempt to make a better release of an agent."""

    __table_args__ = (one_per("agent_id", name="open_run", where="state IN ('queued', 'running', 'needs labels')"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    started_by: str
    is_automatic: bool = False
    """Whether Attune started it, on behalf of who is named."""
    parent_release_id: str | None = None
    """The release whose adapter this run continues."""
    state: RunState = Field(default=RunState.QUEUED, index=True, sa_type=words(RunState))
    stage: Stage = Field(default=Stage.SYNC, sa_type=words(Stage))
    progress: float = 0.0
    """Of the whole run, 0 to 1."""
    seconds_left: float | None = None
    cancel_requested: bool = False
    waits_for_labels: bool = False
    """Whether it is to stop once its dataset is made, until its owner has looked at samples."""
    labelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the owner let it go on; a dataset from before is made anew."""
    dataset_id: str | None = None
    folder: str = ""
    """Where the run's files are: checkpoints, adapter, report."""
    losses: list[list[float]] = Field(default_factory=list, sa_type=JSON)
    """[step, loss] pairs for the chart."""
    metrics: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Seconds per stage, tokens, parity, sizes."""
    failure: str = ""
    """The code of what went wrong."""
    error: str = ""
    remedy: str = ""
    card_activity_id: str = ""
    """The progress card in the starter's chat, updated in place."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {RunState.READY, RunState.FAILED, RunState.CANCELLED}

    def enter(self, stage: Stage) -> None:
        """Begin a stage."""
        self._must_not_be_over()
        self.state, self.stage = RunState.RUNNING, stage

    def wait_for_labels(self) -> None:
        """Stop until the owner has looked at samples."""
        self._must_not_be_over()
        self.state, self.seconds_left = RunState.LABELLING, None

    def go_on(self) -> None:
        """Go on from the beginning, with what the owner has said of samples."""
        if self.state != RunState.LABELLING:
            raise WrongState(
                say("Run {id} doesn't wait for labels: it is {state}.", id=self.id, state=say(STATES[self.state]))
            )
        self.state, self.stage = RunState.QUEUED, Stage.SYNC
        self.waits_for_labels, self.labelled_at = False, now()

    def become_ready(self) -> None:
        """End with a candidate."""
        self._end(RunState.READY)
        self.progress, self.seconds_left = 1.0, 0.0

    def fail(self, code: str, error: str, remedy: str) -> None:
        """End without a candidate, saying why and what to do."""
        self._end(RunState.FAILED)
        self.failure, self.error, self.remedy = code, error, remedy

    def cancel(self) -> None:
        """End because a person asked for it."""
        self._end(RunState.CANCELLED)

    def _end(self, state: RunState) -> None:
        self._must_not_be_over()
        self.state, self.ended_at = state, now()

    def _must_not_be_over(self) -> None:
        if self.is_over:
            msg = say("Run {id} is already {state}.", id=self.id, state=say(STATES[self.state]))
            raise WrongState(msg)
