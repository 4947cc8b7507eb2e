"""Queries on sources, documents, their access lists, and the passages and vectors that are kept of them."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, delete, select

from tuning.domain.documents import Document, DocumentPassage, DocumentReader, PassageVectors, Source, SourceKind
from tuning.domain.vectors import Vectors
from tuning.store import rows

_AT_ONCE = 1_000
"""Ids in one query."""


def source_at(session: Session, kind: SourceKind, location: str) -> Source | None:
    """Return the source at a location."""
    return session.exec(select(Source).where(Source.kind == kind, Source.location == location)).first()


def sources(session: Session) -> list[Source]:
    """Return all sources, by name."""
    return list(session.exec(select(Source).order_by(col(Source.name), col(Source.id))))


def get(session: Session, document_id: str) -> Document:
    """Return one document, deleted or not; raise `NotFound` if there never was one."""
    return rows.get(session, Document, document_id)


def get_source(session: Session, source_id: str) -> Source:
    """Return a source; raise `NotFound` if there is none."""
    return rows.get(session, Source, source_id)


def at_path(session: Session, source_id: str, path: str) -> Document | None:
    """Return the document of one file, deleted or not."""
    return session.exec(select(Document).where(Document.source_id == source_id, Document.path == path)).first()


def named(session: Session, name: str) -> list[Document]:
    """Return the documents with this id, path in their source, or web address, deleted ones too."""
    is_named = or_(col(Document.id) == name, col(Document.path) == name, col(Document.url) == (name or None))
    return _in_order(session, is_named)


def copies(session: Session, document: Document) -> list[Document]:
    """Return a document and all others with the very same content."""
    has_same_content = and_(col(Document.sha256) == document.sha256, col(Document.sha256) != "")
    return _in_order(session, or_(col(Document.id) == document.id, has_same_content))


def _in_order(session: Session, where: ColumnElement[bool]) -> list[Document]:
    return list(session.exec(select(Document).where(where).order_by(col(Document.source_id), col(Document.path))))


def of_source(session: Session, source_id: str) -> list[Document]:
    """Return every document that a source has or had, by path."""
    return list(session.exec(select(Document).where(Document.source_id == source_id).order_by(col(Document.path))))


def of_sources(session: Session, source_ids: Collection[str]) -> list[Document]:
    """Return the documents that are in these sources now, by source and path."""
    query = select(Document).where(col(Document.source_id).in_(source_ids), col(Document.is_deleted).is_(False))
    return list(session.exec(query.order_by(col(Document.source_id), col(Document.path))))


def by_ids(session: Session, document_ids: Sequence[str]) -> list[Document]:
    """Return the documents with these ids, deleted ones too; those that were erased are missing."""
    found: list[Document] = []
    for start in range(0, len(document_ids), _AT_ONCE):
        some = document_ids[start : start + _AT_ONCE]
        found += session.exec(select(Document).where(col(Document.id).in_(some)))
    return found


def passages(session: Session, document_ids: Collection[str]) -> list[DocumentPassage]:
    """Return the passages of documents, by document and position."""
    query = select(DocumentPassage).where(col(DocumentPassage.document_id).in_(document_ids))
    return list(session.exec(query.order_by(col(DocumentPassage.document_id), col(DocumentPassage.position))))


def count_passages(session: Session, document_ids: Sequence[str]) -> int:
    """Return how many passages documents have."""
    found = 0
    for start in range(0, len(document_ids), _AT_ONCE):
        some = col(DocumentPassage.document_id).in_(document_ids[start : start + _AT_ONCE])
        found += session.exec(select(func.count()).select_from(DocumentPassage).where(some)).one()
    return found


def save(session: Session, document: Document) -> None:
    """Keep a document with its access list, in a form that search can join on."""
    session.add(document)
    session.flush()
    session.exec(delete(DocumentReader).where(col(DocumentReader.document_id) == document.id))
    readers = () if document.is_deleted else dict.fromkeys(document.readers)
    session.add_all([DocumentReader(document_id=document.id, principal_id=reader) for reader in readers])
    session.flush()


def replace_passages(session: Session, document_id: str, fresh: Iterable[DocumentPassage]) -> None:
    """Put passages in the place of a document's earlier ones; the index follows in the same transaction."""
    session.exec(delete(DocumentPassage).where(col(DocumentPassage.document_id) == document_id))
    session.add_all(fresh)
    session.flush()


def mark_deleted(session: Session, source_id: str, *, keep: Collection[str]) -> int:
    """Mark a source's documents whose path is not kept as deleted, forget their text, and return how many."""
    gone = [it for it in of_source(session, source_id) if not it.is_deleted and it.path not in keep]
    for document in gone:
        document.is_deleted, document.readers, document.sha256 = True, [], ""
        save(session, document)
        replace_passages(session, document.id, ())
    return len(gone)


def without_vectors(
    session: Session, source_ids: Collection[str], encoder: str, *, limit: int
) -> list[tuple[str, DocumentPassage]]:
    """Return the sources' first passages that have no vectors by this encoder, each after its document's title."""
    theirs = (col(PassageVectors.passage_id) == col(DocumentPassage.id)) & (col(PassageVectors.encoder) == encoder)
    query = (
        select(Document.title, DocumentPassage)
        .join(DocumentPassage, col(DocumentPassage.document_id) == col(Document.id))
        .outerjoin(PassageVectors, theirs)
        .where(col(Document.source_id).in_(source_ids), col(PassageVectors.passage_id).is_(None))
    )
    return list(session.exec(query.order_by(col(DocumentPassage.id)).limit(limit)))


def save_vectors(session: Session, passage: DocumentPassage, encoder: str, vectors: Vectors) -> None:
    """Keep a passage's vectors in place of earlier ones, unless the passage has changed or is gone meanwhile."""
    query = select(DocumentPassage).where(DocumentPassage.id == passage.id).with_for_update(read=True, key_share=True)
    stored = session.exec(query.execution_options(populate_existing=True)).first()
    # The number of a passage that is gone may have become another's.
    if stored is None or (stored.document_id, stored.text) != (passage.document_id, passage.text):
        return
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    numbers = np.rint(vectors * (np.iinfo(np.int8).max / largest)).astype(np.int8).tobytes()
    session.merge(PassageVectors(passage_id=stored.id, encoder=encoder, width=vectors.shape[1], numbers=numbers))
    session.flush()
