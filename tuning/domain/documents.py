"""Sources, the documents in them with their access lists, and the passages that search finds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, new_id, now, words

FIRST_RETRY = timedelta(minutes=15)
"""After a first scheduled sync that could not be done."""


UNKNOWN_LABEL = "?"
"""The label of a file whose label could not be read."""


class SourceKind(StrEnum):
    """Where documents come from."""

    FOLDER = "folder"
    UPLOAD = "upload"
    SHAREPOINT = "sharepoint"


class Source(SQLModel, table=True):
    """A place that documents are read from."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: SourceKind = Field(sa_type=words(SourceKind))
    name: str
    location: str = Field(index=True)
    """A folder's path below the tenant's documents, the id of the person whose uploads these are, or an address."""
    synced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_sync_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None: it has no place in the schedule yet."""
    sync_failures: int = 0
    """How many scheduled syncs in a row could not be done."""
    sync_error: str = ""
    """Why the last one could not, as a sentence in English."""
    syncing_job_id: str = ""
    """The job that syncs it, or did last: no other may while that one is held by a worker."""
    lists: dict[str, dict[str, Any]] = Field(default_factory=dict, sa_type=JSON)
    """Of each list about its documents, by path: readers, label and SHA-256 at the last sync."""
    readable_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its access lists are too old to go by unless a sync confirms them; None: they don't age."""

    def schedule(self, at: datetime, interval: timedelta) -> None:
        """Have it synced at its own time within the interval, drawn by a hash, so that not all are synced at once."""
        seconds = interval.total_seconds()
        phase = int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:6]) % 10**6 / 10**6 * seconds
        passed = (at.timestamp() - phase) % seconds
        self.next_sync_at = at + timedelta(seconds=seconds - passed)

    def note_synced(self, at: datetime, interval: timedelta) -> None:
        """Note that a scheduled sync came through."""
        self.sync_failures, self.sync_error = 0, ""
        self.schedule(at, interval)

    def note_failed(self, sentence: str, at: datetime, interval: timedelta) -> None:
        """Note that a scheduled sync could not be done: it is tried again, ever more rarely."""
        self.sync_failures, self.sync_error = self.sync_failures + 1, sentence
        self.next_sync_at = at + min(FIRST_RETRY * 2 ** min(self.sync_failures - 1, 10), interval)


class Document(SQLModel, table=True):
    """One file of a source as it was last read."""

    __table_args__ = (UniqueConstraint("source_id", "path"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    source_id: str = Field(index=True)
    path: str
    """The file's path in its source."""
    title: str
    url: str = ""
    media_type: str = ""
    size: int = 0
    """Bytes."""
    sha256: str = ""
    modified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    label: str = ""
    """The sensitivity label's name, if the file has one."""
    readers: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals that may read it (people, groups, 'organisation'); empty means nobody."""
    left_out: str = ""
    """Why no text could be taken from it, as a sentence; empty if it was read."""
    redacted: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """How many secrets of which kind were taken out of its text."""
    is_deleted: bool = False
    unknown_syncs: int = 0
    """In how many syncs in a row its access list could not be read."""
    synced_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class ErasedDocument(SQLModel, table=True):
    """That a document was erased, without a word of it, so that the next sync doesn't bring it back."""

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(index=True)
    path_sha256: str
    content_sha256: str = ""
    """Empty if its content was never read."""
    erased_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class DocumentReader(SQLModel, table=True):
    """One entry of a document's access list, so that search can join on it."""

    document_id: str = Field(primary_key=True)
    principal_id: str = Field(primary_key=True, index=True)


class DocumentPassage(SQLModel, table=True):
    """A chunk of a document's text under its headings."""

    id: int | None = Field(default=None, primary_key=True)
    document_id: str = Field(index=True)
    position: int
    heading: str = ""
    text: str


class PassageVectors(SQLModel, table=True):
    """What a passage's sentences mean, as an encoder sees it; gone with the passage."""

    passage_id: int | None = Field(
        default=None,
        sa_column=Column(Integer, ForeignKey("documentpassage.id", ondelete="CASCADE"), primary_key=True),
    )
    encoder: str = Field(index=True)
    """The encoder's name; vectors of another one can't be compared with these."""
    width: int
    """Numbers of a vector."""
    numbers: bytes
    """One vector after the other, a signed byte per number; each is as long as its largest number allows."""


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """A document that can't be learned from."""

    document_id: str
    title: str
    reason: str
    """A sentence."""


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """A document that is learned from without its secrets."""

    document_id: str
    title: str
    counts: Mapping[str, int]
    """How many of which kind were taken out."""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Which of the sources' documents every part of the audience may read."""

    eligible_ids: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    redactions: tuple[Redaction, ...] = ()
    """Those of the eligible documents that held secrets."""

    @property
    def total(self) -> int:
        """How many documents the sources hold."""
        return len(self.eligible_ids) + len(self.exclusions)
