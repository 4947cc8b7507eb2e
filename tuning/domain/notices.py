"""A notice: a card that must reach a person, kept until it has."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from tuning.domain.errors import WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.languages import say


class NoticeKind(StrEnum):
    """What it is about; the bot makes the card from the subject when it sends it."""

    RUN_STARTED = "run.started"
    RUN_NEEDS_LABELS = "run.needs_labels"
    RUN_READY = "run.ready"
    RUN_FAILED = "run.failed"
    RELEASE_SUBMITTED = "release.submitted"
    RELEASE_CONSENT_ASKED = "release.consent_asked"
    """A data owner's word is wanted."""
    RELEASE_APPROVED = "release.approved"
    RELEASE_REJECTED = "release.rejected"
    RELEASE_RETIRED = "release.retired"
    RELEASE_RESTORED = "release.restored"
    RELEASE_SUSPENDED = "release.suspended"
    RELEASE_REVOKED = "release.revoked"
    RELEASE_ROLLED_BACK = "release.rolled_back"
    RELEASE_DRIFTED = "release.drifted"
    ACCESS_ASKED = "access.asked"
    ACCESS_DECIDED = "access.decided"
    FEEDBACK_LEARNED = "feedback.learned"
    SOURCE_FAILED = "source.failed"
    AGENT_HANDED_OVER = "agent.handed_over"
    RETRAINING_HELD = "retraining.held"
    """A run was due that its owner wants to start by itself, and something is in the way."""


class NoticeState(StrEnum):
    """Whether it has arrived."""

    PENDING = "pending"
    SENT = "sent"
    STALE = "stale"
    """It has arrived, and needs nobody any more: the card in the chat is about to say so."""
    SETTLED = "settled"
    """No longer needed, and nothing is left that asks for it."""


class Notice(SQLModel, table=True):
    """A message to one person, sent by the outbox, retried with backoff."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: NoticeKind = Field(sa_type=words(NoticeKind))
    person_id: str = Field(index=True)
    subject_id: str = Field(index=True)
    state: NoticeState = Field(default=NoticeState.PENDING, index=True, sa_type=words(NoticeState))
    attempts: int = 0
    next_try_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    activity_id: str = ""
    """The message of the chat that it arrived in."""
    is_held: bool = False
    """Whether it waited for the end of its person's quiet hours, and goes out with what else waited."""
    digest_id: str = Field(default="", index=True)
    """What it arrived together with, if it did."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    def send_again(self) -> None:
        """Have it sent in a message of its own; raise `WrongState` if it is settled or on its way."""
        if self.state != NoticeState.SENT:
            raise WrongState(say("That is settled, or on its way to you already."))
        self.state, self.is_held = NoticeState.PENDING, False
        self.next_try_at, self.attempts = now(), 0
