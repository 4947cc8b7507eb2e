"""What people said about answers, and what the owner made of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from tuning.domain.errors import WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.languages import mark, say


class Reaction(StrEnum):
    """The thumbs."""

    LIKE = "like"
    DISLIKE = "dislike"


class Fault(StrEnum):
    """Why an answer was not liked."""

    WRONG = "wrong"
    INCOMPLETE = "incomplete"
    OUTDATED = "outdated"
    BESIDE = "beside"
    UNCLEAR = "unclear"


FAULTS = {
    Fault.WRONG: mark("It is wrong"),
    Fault.INCOMPLETE: mark("Something is missing"),
    Fault.OUTDATED: mark("It is out of date"),
    Fault.BESIDE: mark("It is not what I asked"),
    Fault.UNCLEAR: mark("It is hard to understand"),
}
"""What people call a reason."""


class FeedbackState(StrEnum):
    """Where it stands with the owner."""

    NEW = "new"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


STATES = {
    FeedbackState.NEW: mark("new"),
    FeedbackState.ACCEPTED: mark("accepted"),
    FeedbackState.REJECTED: mark("rejected"),
    FeedbackState.WITHDRAWN: mark("withdrawn"),
}
"""What people call a state, within a sentence."""


class Feedback(SQLModel, table=True):
    """One person's word on one answer; saying it again changes it."""

    __table_args__ = (UniqueConstraint("answer_id", "person_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    answer_id: str = Field(index=True)
    person_id: str = Field(index=True)
    reaction: Reaction | None = Field(default=None, sa_type=words(Reaction))
    reason: Fault | None = Field(default=None, sa_type=words(Fault))
    comment: str = ""
    question: str
    """The question as asked."""
    correction: str = ""
    """What the answer should have been."""
    state: FeedbackState = Field(default=FeedbackState.NEW, index=True, sa_type=words(FeedbackState))
    reviewed_by: str = ""
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    matter_id: str | None = Field(default=None, index=True)
    """What it has in common with other feedback that was accepted together with it, in the same words."""
    learned_in_run_id: str | None = None
    """The run of the first live release that learned it."""
    given_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def said(self) -> tuple[object, ...]:
        """What there is of it; nothing in it says nothing."""
        return self.reaction, self.reason, self.comment, self.correction

    @property
    def is_withdrawable(self) -> bool:
        """Whether it can be taken back."""
        return self.state in {FeedbackState.NEW, FeedbackState.ACCEPTED} and self.learned_in_run_id is None

    def accept(self, reviewer_id: str, question: str, correction: str, matter_id: str | None = None) -> None:
        """Take it, as edited, into the next run; what has the same matter is learned once."""
        self.check_new()
        self.state, self.reviewed_by, self.reviewed_at = FeedbackState.ACCEPTED, reviewer_id, now()
        self.question, self.correction, self.matter_id = question, correction, matter_id

    def reject(self, reviewer_id: str) -> None:
        """Leave it out."""
        self.check_new()
        self.state, self.reviewed_by, self.reviewed_at = FeedbackState.REJECTED, reviewer_id, now()

    def withdraw(self) -> None:
        """Take it back; what a live release has learned stays learned."""
        if not self.is_withdrawable:
            msg = say("This feedback can't be taken back any more: it has been turned down, taken back, or learned.")
            raise WrongState(msg)
        self.state = FeedbackState.WITHDRAWN

    def forget(self) -> None:
        """Take it back and drop what was said; what a live release has learned stays learned."""
        self.state = FeedbackState.WITHDRAWN
        self.question = ""
        self.clear()

    def clear(self) -> None:
        """Drop what was said."""
        self.reaction, self.reason, self.comment, self.correction = None, None, "", ""

    def check_new(self) -> None:
        """Raise `WrongState` with a sentence once the owner has decided on it, or it was taken back."""
        if self.state != FeedbackState.NEW:
            msg = say("This feedback is already {state}.", state=say(STATES[FeedbackState(self.state)]))
            raise WrongState(msg)
