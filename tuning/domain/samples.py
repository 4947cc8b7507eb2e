"""A sample: a question and answer, or a pair, of a dataset that the owner looks at, and what they made of it."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now, words

ROUND = 12
"""How many samples an owner looks at before they are asked whether they want to go on."""


class Verdict(StrEnum):
    """What an owner made of a sample."""

    GOOD = "good"
    BAD = "not good"
    EDITED = "edited"


class Reason(StrEnum):
    """Why a sample is among those to look at."""

    BEST = "best"
    DOUBTFUL = "doubtful"


class Sample(SQLModel, table=True):
    """One thing that an agent is about to learn; its owner's word on it counts for every later dataset."""

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    dataset_id: str = Field(index=True)
    """The dataset that it was taken from."""
    position: int
    """Its place among those of its dataset, as they are to be looked at."""
    reason: Reason = Field(sa_type=words(Reason))
    question: str
    """What is asked; for a pair the content, or the beginning of what is to be summarised."""
    answer: str
    document_id: str | None = Field(default=None, index=True)
    passage_id: int | None = None
    support: float = 1.0
    """Share of the answer's words that stand in what supports it, 0 to 1."""
    clarity: float = 1.0
    """Share of the question's telling words that stand there or above it, 0 to 1."""
    agreement: float | None = None
    """How far the base model gives that answer from its passage, greedily and by chance, 0 to 1; None: not tried."""
    said: str = ""
    """What the base model answered where it was something else."""
    is_ambiguous: bool = False
    """Whether another document answers the same question otherwise."""
    verdict: Verdict | None = Field(default=None, sa_type=words(Verdict))
    owner_question: str = ""
    owner_answer: str = ""
    """What the owner wrote in the place of both, where they edited it."""
    labelled_by: str = Field(default="", index=True)
    labelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def wanted(self) -> tuple[str, str]:
        """The question and the answer that are to be learned."""
        is_edited = self.verdict is Verdict.EDITED
        return (self.owner_question, self.owner_answer) if is_edited else (self.question, self.answer)

    def label(self, person_id: str, verdict: Verdict, question: str = "", answer: str = "") -> None:
        """Note what the owner made of it; again changes it."""
        is_edited = verdict is Verdict.EDITED
        self.verdict, self.labelled_by, self.labelled_at = verdict, person_id, now()
        self.owner_question, self.owner_answer = (question, answer) if is_edited else ("", "")
