"""An agent: what its owner configured, and which release is live."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.errors import InvalidInput
from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.domain.prompts import Task
from tuning.languages import mark, say

MAX_SOURCES = 20
MAX_STARTERS = 6
RETRAIN_AFTER = 10

QUESTIONNAIRES: dict[Task, dict[str, str]] = {
    Task.QUESTIONS: {
        "data": mark("What do the documents contain?"),
        "organisation": mark("How are they organised?"),
    },
    Task.GENERATION: {
        "precedent": mark("What do you call the document that a draft starts from?"),
        "content": mark("What do you call the changes that go into it?"),
        "draft": mark("What do you call the finished draft?"),
    },
    Task.SUMMARY: {"summary": mark("What do you call your summaries?")},
}
"""Per task, the questions that an owner must answer: key to question."""


class Retraining(StrEnum):
    """When Attune starts a run of an agent by itself."""

    NEVER = "never"
    AFTER = "after"
    """As soon as so many corrections have been accepted since the last run began."""
    WEEKLY = "weekly"
    """A week after the last run began."""


class AgentState(StrEnum):
    """Where an agent stands, as its runs and releases have it."""

    DRAFT = "draft"
    """Something must still be filled in."""
    IDLE = "idle"
    """Nothing is live, and no run is under way."""
    TUNING = "tuning"
    """Its first live release may be on its way."""
    LIVE = "live"
    LIVE_TUNING = "live and tuning"
    """A release answers while the next one is made."""


STATES = {
    AgentState.DRAFT: mark("draft"),
    AgentState.IDLE: mark("idle"),
    AgentState.TUNING: mark("tuning"),
    AgentState.LIVE: mark("live"),
    AgentState.LIVE_TUNING: mark("live and tuning"),
}
"""What people call a state."""


class Agent(SQLModel, table=True):
    """A small model's job description: task, sources, audience, and the release that answers now."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    description: str = ""
    task: Task = Field(default=Task.QUESTIONS, sa_type=words(Task))
    owner_id: str = Field(index=True)
    instructions: str = ""
    questionnaire: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    starters: list[str] = Field(default_factory=list, sa_type=JSON)
    source_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    audience: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals (groups or people) that may use the agent; empty means the owner only."""
    live_release_id: str | None = Field(default=None, index=True)
    canary_release_id: str | None = None
    """The release that a share of its audience gets in the place of the live one."""
    is_complete: bool = False
    """Whether the wizard has been finished once."""
    is_paused: bool = False
    """Whether its owner lets it answer nobody for the moment."""
    former_owner_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """Who has handed it over; they decide on it no more than its owner does."""
    retraining: Retraining = Field(default=Retraining.NEVER, sa_type=words(Retraining))
    retrain_after: int = RETRAIN_AFTER
    """How many accepted corrections start a run, where corrections do."""
    retraining_held: str = ""
    """Why no run was started when one was due, which the owner has been told; empty if nothing is in the way."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def principals(self) -> tuple[str, ...]:
        """The audience with the default applied: the maker only."""
        return tuple(self.audience) or (self.owner_id,)

    def state(self, *, is_tuning: bool) -> AgentState:
        """Return where it stands, told whether a run is under way."""
        if self.live_release_id is not None:
            return AgentState.LIVE_TUNING if is_tuning else AgentState.LIVE
        if is_tuning:
            return AgentState.TUNING
        return AgentState.DRAFT if self.missing() else AgentState.IDLE

    def missing(self) -> list[str]:
        """Return what must still be filled in before a run can start, each a sentence."""
        answers = QUESTIONNAIRES[self.task]
        gaps = [
            say("Answer the question '{question}'", question=say(text))
            for key, text in answers.items()
            if not self.questionnaire.get(key)
        ]
        if not self.name.strip():
            gaps.insert(0, say("Give the agent a name."))
        if not self.source_ids:
            gaps.append(say("Choose at least one source."))
        return gaps

    def choose_sources(self, source_ids: list[str]) -> None:
        """Set the sources; at most 20."""
        if len(source_ids) > MAX_SOURCES:
            msg = say(
                "An agent takes at most {most} sources; you chose {count}.", most=MAX_SOURCES, count=len(source_ids)
            )
            raise InvalidInput(msg)
        self.source_ids = list(source_ids)
