"""A comparison: two answers to one question, shown to the owner in random order without names."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from tuning.domain.errors import WrongState
from tuning.domain.evaluations import Variant
from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.languages import say

A_ROUND = 12
"""Questions that are rated before the owner is asked whether they want to go on."""


class Choice(StrEnum):
    """Which of the two answers an owner prefers."""

    FIRST = "first"
    SECOND = "second"
    EQUAL = "equal"


class Comparison(SQLModel, table=True):
    """One question of a blind round. It holds no text: that stands in the evaluation, and goes with it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    release_id: str = Field(index=True)
    """The candidate."""
    position: int
    """Its place among all that the release was compared on."""
    sample: int
    """The place of the question among the evaluation's samples."""
    against: Variant = Field(sa_type=words(Variant))
    """Who gave the other answer: the live release, or the base model where there is none."""
    is_candidate_first: bool
    choice: Choice | None = Field(default=None, sa_type=words(Choice))
    rated_by: str = ""
    rated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def worth(self) -> float:
        """What it says for the candidate: 1 if its answer was preferred, 0 if the other one, a half if neither."""
        if self.choice is Choice.EQUAL:
            return 0.5
        return float((self.choice is Choice.FIRST) == self.is_candidate_first)

    def rate(self, person_id: str, choice: Choice) -> None:
        """Note which answer was preferred; once only, for then it is said which was whose."""
        if self.choice is not None:
            raise WrongState(say("That question is rated already."))
        self.choice, self.rated_by, self.rated_at = choice, person_id, now()


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two answers to rate, without saying whose they are."""

    comparison_id: str
    question: str
    reference: str
    first: str
    second: str
    number: int
    """Which one of its round that is, counted from 1."""
    total: int
