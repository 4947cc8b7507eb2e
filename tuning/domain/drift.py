"""Drift: how far what a release learned from has moved since, in content and in who may read it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.documents import Document
from tuning.domain.fields import UtcDateTime, now


class Drift(SQLModel, table=True):
    """What a release's documents were found to be when they were last compared."""

    release_id: str = Field(primary_key=True)
    learned: int = 0
    """Documents that its run learned from."""
    changed: int = 0
    """Of these, how many have other content now."""
    deleted: int = 0
    """How many are not in their sources any more."""
    lost: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSON)
    """Document to those of the release's audience that may not read it any more, if there are any."""
    checked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def is_stale(self) -> bool:
        """Whether a new run would learn something else."""
        return bool(self.changed or self.deleted)

    def exceeds(self, earlier: "Drift | None") -> bool:
        """Return whether somebody lost a document that they had not lost before."""
        known = earlier.lost if earlier else {}
        return any(set(who) - set(known.get(document_id, ())) for document_id, who in self.lost.items())


def staleness(hashes: Mapping[str, str], documents: Iterable[Document]) -> tuple[int, int]:
    """Return how many of the documents that were learned from (id to SHA-256) are changed now, and how many deleted."""
    there = {document.id: document.sha256 for document in documents if not document.is_deleted}
    changed = sum(document_id in there and there[document_id] != sha256 for document_id, sha256 in hashes.items())
    return changed, sum(document_id not in there for document_id in hashes)
