"""A pair that was found: a precedent and a target that seem to belong together, and what the owner made of it."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now, words


class FoundBy(StrEnum):
    """What says that two documents belong together."""

    NAMES = "names"
    WORDS = "words"
    """They share words that hardly any other document has."""
    BOTH = "names and words"


class PairVerdict(StrEnum):
    """What an owner made of a pair."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DocumentPair(SQLModel, table=True):
    """Two documents for an agent to learn from, once its owner has accepted them."""

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    precedent_id: str = Field(index=True)
    """The document that a draft starts from, or that is summarised."""
    target_id: str = Field(index=True)
    content_id: str | None = Field(default=None, index=True)
    """For drafts, the document that says what goes into the target, where there is one."""
    position: int
    """Its place among the agent's pairs."""
    found_by: FoundBy = Field(sa_type=words(FoundBy))
    verdict: PairVerdict | None = Field(default=None, sa_type=words(PairVerdict))
    decided_by: str = Field(default="", index=True)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    def decide(self, person_id: str, verdict: PairVerdict) -> None:
        """Note what the owner made of it; again changes it."""
        self.verdict, self.decided_by, self.decided_at = verdict, person_id, now()
