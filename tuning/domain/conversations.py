"""What was asked and answered, and how to reach people in their chats."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now, one_per


class Conversation(SQLModel, table=True):
    """A person's talk with one agent in one Teams chat; it rests while they talk to another, and 'new' ends it."""

    __table_args__ = (one_per("chat_id", "person_id", name="current_conversation", where="is_current"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    chat_id: str = Field(index=True)
    """The Teams conversation id."""
    person_id: str = Field(index=True)
    agent_id: str = Field(index=True)
    release_id: str | None = None
    """A release that the owner tries here; None: whichever is live."""
    is_current: bool = True
    """Whether the next question goes here; one per chat and person."""
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Beyond(StrEnum):
    """What an answer may be made of beside documents: who else may read it, no sync has read."""

    LIVE = "live"
    """What a live search quoted to who asked."""
    LINK = "link"
    """A file behind a link that was read as who asked."""
    FILE = "file"
    """A file that came with the message."""
    WORDS = "words"
    """What who asked had put in the place of an earlier answer."""
    UNNOTED = "unnoted"
    """An earlier answer of which nobody noted what it was made of."""


class Answer(SQLModel, table=True):
    """One question with the answer that was given."""

    __table_args__ = (
        Index(
            "declined_answer",
            "asked_at",
            "agent_id",
            sqlite_where=text("is_declined = 1"),
            postgresql_where=text("is_declined"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(index=True)
    agent_id: str = Field(index=True)
    release_id: str | None = Field(default=None, index=True)
    person_id: str
    question: str
    text: str = ""
    citations: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """position, document_id, title, url and abstract of each passage cited."""
    shown: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """The documents that the model was shown for it, or for an earlier answer that it remembered; None: not noted."""
    beyond: list[str] = Field(default_factory=list, sa_type=JSON)
    """What else it was shown in this way, as `Beyond`."""
    activity_id: str = Field(default="", index=True)
    """The Teams message, so that a thumb finds its answer and a restart does not show it twice."""
    incoming_activity_id: str = Field(default="", index=True)
    """The message asked with, so that a delivery twice is answered once."""
    seconds: float | None = None
    """How long it took; None while it is not complete."""
    is_stopped: bool = False
    is_declined: bool = False
    """Whether it is that the documents don't say."""
    asked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def is_forgotten(self) -> bool:
        """Whether the person has taken back what they asked."""
        return not self.question

    def forget(self) -> None:
        """Drop what was asked and answered; nothing learns from it, and nothing is added to it any more.

        What it was made of stays: a correction of it that the owner has accepted depends on that.
        """
        self.question, self.text, self.citations = "", "", []
        self.is_stopped, self.is_declined = True, False


class Chat(SQLModel, table=True):
    """How to send a message to a person unasked: their personal chat with the bot."""

    person_id: str = Field(primary_key=True)
    reference: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """The Bot Framework conversation reference."""
    welcomed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
