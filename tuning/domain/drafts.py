"""A file for a person (a draft, evidence, the audit): offered in chat, and put where they said once they agree."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Field, SQLModel

from tuning.domain.errors import WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.languages import say

OFFERED_FOR = timedelta(days=7)
"""After that the text in the chat is all there is."""


class DraftState(StrEnum):
    """What became of the offer."""

    OFFERED = "offered"
    SAVED = "saved"
    DECLINED = "declined"


class Draft(SQLModel, table=True):
    """The Word file of an answer, the evidence for a release, or the audit, while it waits for the person's word."""

    id: str = Field(default_factory=new_id, primary_key=True)
    answer_id: str | None = Field(default=None, unique=True)
    """The answer that it is, if it is one."""
    release_id: str | None = Field(default=None, index=True)
    """The release that it is evidence for, or the report on; with neither, it is the audit."""
    person_id: str = Field(index=True)
    """Whose it is: nobody else may take it."""
    chat_id: str
    name: str
    """The file's name, with its ending."""
    content: bytes
    """Emptied once it has been saved or declined."""
    state: DraftState = Field(default=DraftState.OFFERED, sa_type=words(DraftState))
    activity_id: str = ""
    """The message that offers it; empty until it has been sent."""
    offered_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    def check_open(self, at: datetime) -> None:
        """Raise `WrongState` with a sentence if it can't be saved or declined (any more)."""
        if self.state is DraftState.SAVED:
            raise WrongState(say("'{name}' is saved already: you find it in your OneDrive.", name=self.name))
        if self.state is DraftState.DECLINED:
            raise WrongState(
                say("You have declined '{name}'. Ask for the draft again, then you can save it.", name=self.name)
            )
        if at > self.offered_at + OFFERED_FOR:
            days = OFFERED_FOR.days
            raise WrongState(
                say(
                    "'{name}' was kept for {days} days. Ask for the draft again, then you can save it.",
                    name=self.name,
                    days=days,
                )
            )

    def close(self, state: DraftState) -> None:
        """Note that it has been saved or declined; the file is not needed any more."""
        self.state, self.content = state, b""
