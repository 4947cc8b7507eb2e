"""An agent: what its owner configured, and which release is live."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.domain.prompts import Task, guidance
from tuning.languages import mark, say

MAX_SOURCES = 20
MAX_STARTERS = 6
RETRAIN_AFTER = 10
RETRAIN_AT = time(2)
LAST_DAY = 28
"""The last day that every month has."""

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
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


SCHEDULED = frozenset({Retraining.DAILY, Retraining.WEEKLY, Retraining.MONTHLY})


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
    PAUSED = "paused"
    """A release is live, and its owner lets it answer nobody for the moment."""


STATES = {
    AgentState.DRAFT: mark("draft"),
    AgentState.IDLE: mark("idle"),
    AgentState.TUNING: mark("tuning"),
    AgentState.LIVE: mark("live"),
    AgentState.LIVE_TUNING: mark("live and tuning"),
    AgentState.PAUSED: mark("paused"),
}
"""What people call a state."""


ICONS = {
    "📘": mark("Handbook"),
    "💬": mark("Questions"),
    "🙋": mark("People"),
    "💻": mark("Computers"),
    "🔒": mark("Security"),
    "✈️": mark("Travel"),
    "💶": mark("Money"),
    "📦": mark("Products"),
    "🛠️": mark("Service"),
    "⚖️": mark("Law"),
    "✍️": mark("Writing"),
    "📝": mark("Summaries"),
}
"""What an agent may be shown with, and what the pictures stand for."""


class Agent(SQLModel, table=True):
    """A small model's job description: task, sources, audience, and the release that answers now."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    icon: str = ""
    """One of `ICONS`, or none."""
    description: str = ""
    task: Task = Field(default=Task.QUESTIONS, sa_type=words(Task))
    owner_id: str = Field(index=True)
    instructions: str = ""
    questionnaire: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    starters: list[str] = Field(default_factory=list, sa_type=JSON)
    criteria: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """What its owner demands of answers, as `Criterion.as_row` returns it."""
    source_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    searches_live: bool = False
    """Whether its sources in SharePoint are searched at the moment of each question, too, as the person who asks."""
    audience: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals (groups or people) that may use the agent; empty means the owner only."""
    live_release_id: str | None = Field(default=None, index=True)
    canary_release_id: str | None = None
    """The release that some of its audience get first: a canary, or a pilot, which needs no live one beside it."""
    is_complete: bool = False
    """Whether the wizard has been finished once."""
    is_paused: bool = False
    """Whether its owner lets it answer nobody for the moment."""
    former_owner_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """Who has handed it over; they decide on it no more than its owner does."""
    retraining: Retraining = Field(default=Retraining.NEVER, sa_type=words(Retraining))
    retrain_after: int = RETRAIN_AFTER
    """How many accepted corrections start a run, where corrections do."""
    retrain_at: time = RETRAIN_AT
    """When runs by schedule begin, by the clocks of `retrain_zone`."""
    retrain_on: int = 1
    """The day of the week (1: Monday) or of the month on which they do, where not each day."""
    retrain_zone: str = "UTC"
    """The IANA name of the time zone that their owner was in."""
    retrain_next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the next run by schedule is due."""
    retraining_held: str = ""
    """Why no run was started when one was due, which the owner has been told; empty if nothing is in the way."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def principals(self) -> tuple[str, ...]:
        """The audience with the default applied: the maker only."""
        return tuple(self.audience) or (self.owner_id,)

    @property
    def is_serving(self) -> bool:
        """Whether a release of it answers anybody, as long as it isn't paused."""
        return self.live_release_id is not None or self.canary_release_id is not None

    @property
    def guidance(self) -> str:
        """What every prompt of it says of its owner's answers and instructions."""
        return guidance(self.task, self.questionnaire, self.instructions)

    def state(self, *, is_tuning: bool) -> AgentState:
        """Return where it stands, told whether a run is under way."""
        if self.is_serving and self.is_paused:
            return AgentState.PAUSED
        if self.is_serving:
            return AgentState.LIVE_TUNING if is_tuning else AgentState.LIVE
        if is_tuning:
            return AgentState.TUNING
        return AgentState.DRAFT if self.missing() else AgentState.IDLE

    @property
    def owners(self) -> frozenset[str]:
        """Who owns it or did, and so decides on none of its releases."""
        return frozenset([self.owner_id, *self.former_owner_ids])

    def pause(self) -> None:
        """Let it answer nobody for the moment; raise `WrongState` if it answers nobody as it is."""
        if self.is_paused:
            raise WrongState(say("'{agent}' is paused already.", agent=self.name))
        if not self.is_serving:
            raise WrongState(say("'{agent}' has no live release: nothing was changed.", agent=self.name))
        self.is_paused = True

    def resume(self) -> None:
        """Let it answer again."""
        if not self.is_paused:
            raise WrongState(say("'{agent}' is not paused: nothing was changed.", agent=self.name))
        self.is_paused = False

    def hand_over(self, person_id: str) -> None:
        """Give it to another person, on whose behalf nothing starts by itself until they say so."""
        self.former_owner_ids = sorted(self.owners - {person_id})
        self.owner_id = person_id
        self.retraining, self.retraining_held, self.retrain_next_at = Retraining.NEVER, "", None

    def plan(self, after: datetime) -> None:
        """Note when the next run by schedule is due: the first such moment after another; none without a schedule."""
        self.retrain_next_at = self._next_run(after) if self.retraining in SCHEDULED else None

    def _next_run(self, after: datetime) -> datetime:
        zone = ZoneInfo(self.retrain_zone)
        today = after.astimezone(zone).date()
        days = (today + timedelta(days=ahead) for ahead in range(33))
        dues = (datetime.combine(day, self.retrain_at, tzinfo=zone) for day in days if self._is_on(day))
        return next(due for due in (due.astimezone(UTC) for due in dues) if due > after)

    def _is_on(self, day: date) -> bool:
        match self.retraining:
            case Retraining.WEEKLY:
                return day.isoweekday() == self.retrain_on
            case Retraining.MONTHLY:
                return day.day == self.retrain_on
            case _:
                return True

    def is_due(self, accepted: int, at: datetime) -> bool:
        """Return whether its owner wants a run by now, given the corrections accepted since the last run began.

        Only what answers people is tuned by itself: what is paused or was taken back waits for a person.
        """
        if self.is_paused or self.live_release_id is None:
            return False
        match self.retraining:
            case Retraining.AFTER:
                return accepted >= self.retrain_after
            case Retraining.NEVER:
                return False
            case _:
                return self.retrain_next_at is not None and at >= self.retrain_next_at

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
