"""Queries on sources, documents, their access lists and passages, and the full-text index over the passages."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, delete, select

from tuning.domain.documents import Document, DocumentPassage, DocumentReader, Source, SourceKind
from tuning.store import rows

# Weights of a term in the title, in the headings, and in the passage itself.
_WEIGHTS = {"title": 2.0, "heading": 2.0, "text": 1.0}


@dataclass(frozen=True, kw_only=True)
class Match:
    """A passage that holds some of the terms."""

    passage_id: int
    document_id: str
    title: str
    heading: str
    text: str
    url: str
    label: str


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


def of_source(session: Session, source_id: str) -> list[Document]:
    """Return every document that a source has or had, by path."""
    return list(session.exec(select(Document).where(Document.source_id == source_id).order_by(col(Document.path))))


def of_sources(session: Session, source_ids: Collection[str]) -> list[Document]:
    """Return the documents that are in these sources now, by source and path."""
    query = select(Document).where(col(Document.source_id).in_(source_ids), col(Document.is_deleted).is_(False))
    return list(session.exec(query.order_by(col(Document.source_id), col(Document.path))))


def passages(session: Session, document_ids: Collection[str]) -> list[DocumentPassage]:
    """Return the passages of documents, by document and position."""
    query = select(DocumentPassage).where(col(DocumentPassage.document_id).in_(document_ids))
    return list(session.exec(query.order_by(col(DocumentPassage.document_id), col(DocumentPassage.position))))


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


def match(
    session: Session, terms: Sequence[str], *, principals: Collection[str], source_ids: Collection[str], limit: int
) -> list[Match]:
    """Return the passages that fit the terms best, best first, of documents that one of the principals may read.

    A term is a word in small letters and digits; passages with any of them count, by BM25 (SQLite) or by cover density
    (PostgreSQL). Who may read is decided inside the query.
    """
    if not terms or not principals or not source_ids:
        return []
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = text(_SQLITE_MATCH if is_sqlite else _POSTGRESQL_MATCH).bindparams(
        bindparam("principals", expanding=True), bindparam("sources", expanding=True)
    )
    words = " OR ".join(f'"{term}"' for term in terms) if is_sqlite else " | ".join(f"'{term}'" for term in terms)
    values: dict[str, Any] = {
        "words": words,
        "principals": sorted(principals),
        "sources": sorted(source_ids),
        "limit": limit,
    }
    found = session.connection().execute(statement, values).mappings()
    return [Match(**row) for row in found]


_COLUMNS = "p.id AS passage_id, d.id AS document_id, d.title, p.heading, p.text, d.url, d.label"
_ALLOWED = """
    d.source_id IN :sources AND d.is_deleted = false AND EXISTS (
        SELECT 1 FROM documentreader r WHERE r.document_id = d.id AND r.principal_id IN :principals
    )
"""
_SQLITE_MATCH = f"""
    SELECT {_COLUMNS}
    FROM passage_search
    JOIN documentpassage p ON p.id = passage_search.rowid
    JOIN document d ON d.id = p.document_id
    WHERE passage_search MATCH :words AND {_ALLOWED}
    ORDER BY bm25(passage_search, {_WEIGHTS["title"]}, {_WEIGHTS["heading"]}, {_WEIGHTS["text"]}), p.id
    LIMIT :limit
"""  # noqa: S608 - constants only
_POSTGRESQL_MATCH = f"""
    SELECT {_COLUMNS}
    FROM documentpassage p
    JOIN document d ON d.id = p.document_id,
    to_tsquery('english', :words) AS wanted
    WHERE passage_vector(p.heading, p.text) @@ wanted AND {_ALLOWED}
    ORDER BY ts_rank_cd(
        setweight(to_tsvector('english', d.title), 'B') || passage_vector(p.heading, p.text), wanted, 1
    ) DESC, p.id
    LIMIT :limit
"""  # noqa: S608 - constants only
