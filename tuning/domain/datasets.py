"""A dataset: frozen, hashed examples, each with where it came from."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now, words
from tuning.domain.prompts import Message


class Split(StrEnum):
    """What an example is for."""

    TRAIN = "train"
    VALIDATION = "validation"
    HOLDOUT = "holdout"
    REGRESSION = "regression"
    SEARCH = "search"
    """A question that search finds its answer by; nothing is trained on it."""


class Origin(StrEnum):
    """Where an example came from."""

    TEXT = "text"
    """Running text of a document, for domain adaptation."""
    LIST = "list"
    """An explicit question and answer in a document."""
    TABLE = "table"
    WRITTEN = "written"
    """A question written by the base model about a passage."""
    UNANSWERABLE = "unanswerable"
    PAIR = "pair"
    CORRECTION = "correction"
    PREFERENCE = "preference"
    """An answer that was given, with a thumb or the correction that is to take its place."""
    OWNER = "owner"
    """A hold-out question that the owner gave."""


class Dataset(SQLModel, table=True):
    """What one run learns from and is measured on."""

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    sha256: str = ""
    """Over all examples in order; empty until frozen."""
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """Examples made per split and origin, and dropped per reason, for the report."""
    document_hashes: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """Document id to sha256 of each document it learned from."""
    readers: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSON)
    """Document id to its access list as it was then."""
    exclusions: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """document_id, title and reason of every document left out."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Example(SQLModel, table=True):
    """One prompt with the completion that is wanted."""

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: str = Field(index=True)
    split: Split = Field(index=True, sa_type=words(Split))
    origin: Origin = Field(sa_type=words(Origin))
    messages: list[Message] = Field(default_factory=list, sa_type=JSON)
    """The prompt; empty for running text."""
    completion: str
    """What the model should say; for hold-out examples the reference answer."""
    question: str = ""
    """The bare question, where there is one."""
    document_id: str | None = None
    passage_id: int | None = None
    feedback_id: str | None = None
    sample_id: str | None = None
    """The sample whose words an owner wrote, where it was made of one."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class HoldoutQuestion(SQLModel, table=True):
    """A question that the owner set aside for measuring; never trained on."""

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    position: int = 0
    """Its place in the owner's list."""
    question: str
    answer: str | None = None
    """None: no document answers it."""
    document_path: str | None = None
    passage: str | None = None
