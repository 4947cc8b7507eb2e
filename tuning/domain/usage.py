"""How agents are used: numbers per day, agent and release, and who asks. What was said is not in here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise

from sqlmodel import Field, SQLModel

from tuning.domain.agents import Agent
from tuning.domain.feedback import Feedback, FeedbackState, Reaction

LATENCIES_S = (1, 2, 5, 10, 30)
"""Within how many seconds answers are counted."""
SPANS = (7, 30, 90, 365)
"""Days that people can look back on."""
MAX_STEPS = 31
"""More days than this are shown week by week."""


class DailyUse(SQLModel, table=True):
    """What one release of an agent did on one day (UTC), counted up in the transaction of each answer.

    Owners who try a release that is not live are not counted.
    """

    day: date = Field(primary_key=True)
    agent_id: str = Field(primary_key=True)
    release_id: str = Field(primary_key=True)
    people: int = 0
    """Who asked it on that day."""
    conversations: int = 0
    """Those that began on that day."""
    questions: int = 0
    answered: int = 0
    """Questions whose answer came to its end."""
    declined: int = 0
    """Answers that the documents don't say."""
    likes: int = 0
    dislikes: int = 0
    corrections: int = 0
    seconds: float = 0.0
    """How long the answers took, all together."""
    within_1_s: int = 0
    within_2_s: int = 0
    within_5_s: int = 0
    within_10_s: int = 0
    within_30_s: int = 0


class PersonUse(SQLModel, table=True):
    """How often one person has asked one release, and when first and last."""

    agent_id: str = Field(primary_key=True)
    release_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    questions: int
    first_day: date
    last_day: date = Field(index=True)


class PseudonymKey(SQLModel, table=True):
    """The organisation's secret behind the pseudonyms: one row, made with the table."""

    id: int = Field(default=1, primary_key=True)
    key: str


@dataclass(frozen=True, kw_only=True)
class Use:
    """Totals over some days; see `DailyUse`."""

    people: int = 0
    """Who asked on each day and each release, added up: somebody who asks on two days counts twice."""
    conversations: int = 0
    questions: int = 0
    answered: int = 0
    declined: int = 0
    likes: int = 0
    dislikes: int = 0
    corrections: int = 0
    seconds: float = 0.0
    within_1_s: int = 0
    within_2_s: int = 0
    within_5_s: int = 0
    within_10_s: int = 0
    within_30_s: int = 0

    @property
    def satisfaction(self) -> float | None:
        """The share of thumbs that are up, 0 to 1; None without thumbs."""
        thumbs = self.likes + self.dislikes
        return self.likes / thumbs if thumbs else None

    @property
    def mean_seconds(self) -> float | None:
        """How long an answer takes on average; None without answers."""
        return self.seconds / self.answered if self.answered else None

    def seconds_for(self, share: float) -> int | None:
        """Return within how many seconds that share of the answers came; None if more than the longest counted."""
        reached = (bound for bound in LATENCIES_S if getattr(self, f"within_{bound}_s") >= share * self.answered)
        return next(reached, None) if self.answered else None


@dataclass(frozen=True, kw_only=True)
class UseLine:
    """The totals of one agent, or of one release."""

    agent_id: str
    release_id: str = ""
    """Where an agent's releases are told apart."""
    name: str
    """Of the agent, or of the release."""
    people: int
    use: Use
    by_day: Sequence[Use] = ()
    """Every day of the report; only for the few that were asked most."""


@dataclass(frozen=True, kw_only=True)
class Asker:
    """One person who asks."""

    name: str
    """A pseudonym, unless the policy lets analytics name people."""
    questions: int
    last_day: date


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What questions that were not answered have in common."""

    words: Sequence[str]
    questions: int
    people: int
    asked_on: Sequence[date]
    """The day of each question."""
    example: str = ""
    """One of the questions, if it may be shown."""


@dataclass(frozen=True, kw_only=True)
class UsageReport:
    """How one agent, or all that somebody may look at, were used in the last days."""

    agent: Agent | None
    """None: all of them."""
    days: int
    people: int
    total: Use
    by_day: Sequence[tuple[date, Use]]
    """Every day of them, oldest first."""
    lines: Sequence[UseLine]
    """By agent, or by release of the one agent; most asked first."""
    askers: Sequence[Asker]
    """Who asked in these days, by how much they have asked all told."""
    topics: Sequence[Topic]
    topics_since: date
    """The first day all of whose questions were grouped: not the first of the days where there were too many."""


def together(uses: Iterable[Use]) -> Use:
    """Return what several days or lines come to."""
    uses = list(uses)
    return Use(**{one.name: sum(getattr(use, one.name) for use in uses) for one in fields(Use)})


def in_steps(by_day: Sequence[tuple[date, Use]]) -> Iterator[tuple[date, Use]]:
    """Yield days, or weeks that end today if there are many; the first week may be shorter."""
    for begin, end in step_bounds(len(by_day)):
        yield by_day[begin][0], together(use for _day, use in by_day[begin:end])


def step_bounds(days: int) -> Iterator[tuple[int, int]]:
    """Yield where among so many days each of their steps begins and ends; see `in_steps`."""
    size = 1 if days <= MAX_STEPS else 7
    first = days % size
    yield from pairwise([*([0] if first else []), *range(first, days, size), days])


def opinion(given: Feedback) -> dict[str, int]:
    """Return what one person's word on an answer counts as."""
    if given.state == FeedbackState.WITHDRAWN:
        return {"likes": 0, "dislikes": 0, "corrections": 0}
    return {
        "likes": int(given.reaction == Reaction.LIKE),
        "dislikes": int(given.reaction == Reaction.DISLIKE),
        "corrections": int(bool(given.correction)),
    }
