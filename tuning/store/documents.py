"""Queries on sources, documents, their access lists and passages, by words and by vectors."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, bindparam, func, or_, text
from sqlmodel import Session, col, delete, select

from tuning.domain.documents import Document, DocumentPassage, DocumentReader, PassageVectors, Source, SourceKind
from tuning.domain.vectors import Encoded, Vectors
from tuning.store import rows

# Weights of a term in the title, in the headings, and in the passage itself.
_WEIGHTS = {"title": 2.0, "heading": 2.0, "text": 1.0}
_SCORED = 2_000
"""Passages that SQLite scores at most, unless there are more and no word divides them well."""
_AT_ONCE = 1_000
"""Ids in one query."""
_PASSAGES_AT_ONCE = 256
"""Passages whose vectors are unpacked together: as many as stay in the processor's cache."""


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
    likenesses: tuple[float, ...] = ()
    """The cosine between the question and each of its units, where vectors were compared."""


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


def match(
    session: Session, terms: Sequence[str], *, principals: Collection[str], source_ids: Collection[str], limit: int
) -> list[Match]:
    """Return the passages that fit the terms best, best first, of documents that one of the principals may read.

    A term is a word in small letters and digits; passages with any of them count, by BM25 (SQLite) or by cover density
    (PostgreSQL). Who may read is decided inside the query. SQLite scores every passage that fits, which takes long for
    common words: where there are too many, only those with the rarer terms count, and if need be with several.
    """
    if not terms or not principals or not source_ids:
        return []
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = text(_SQLITE_MATCH if is_sqlite else _POSTGRESQL_MATCH).bindparams(
        bindparam("principals", expanding=True), bindparam("sources", expanding=True)
    )
    words = _sqlite_words(session, terms) if is_sqlite else " | ".join(f"'{term}'" for term in terms)
    values: dict[str, Any] = {
        "words": words,
        "principals": sorted(principals),
        "sources": sorted(source_ids),
        "limit": limit,
    }
    found = session.connection().execute(statement, values).mappings()
    return [Match(**row) for row in found]


def _sqlite_words(session: Session, terms: Sequence[str]) -> str:
    """Return the expression that matches the passages with any of the terms, or with the rarer of them."""
    counts = {term: _sqlite_count(session, f'"{term}"') for term in terms}
    ordered = sorted(counts, key=lambda term: counts[term])
    rarer: list[str] = []
    total = 0
    for term in ordered:
        if total and total + counts[term] > _SCORED:
            break
        total += counts[term]
        rarer.append(f'"{term}"')
    every, some = " OR ".join(f'"{term}"' for term in terms), " OR ".join(rarer)
    for term in ordered[len(rarer) :]:
        if total <= _SCORED:
            break
        both = f'({some}) AND "{term}"'
        if (count := _sqlite_count(session, both)) >= _SCORED // 4:
            some, total = both, count
    return every if len(rarer) == len(counts) else f"({some}) AND ({every})"


def _sqlite_count(session: Session, words: str) -> int:
    """Return how many passages match; beyond a limit, words are common, however many more there are."""
    values = {"words": words, "limit": 5 * _SCORED}
    return int(session.connection().execute(text(_SQLITE_COUNT), values).scalar_one())


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


def nearest(
    session: Session, wanted: Encoded, *, principals: Collection[str], source_ids: Collection[str], limit: int
) -> list[Match]:
    """Return the passages with a vector nearest to the wanted one (by cosine), nearest first.

    Who may read is decided inside the query: no vector of another's passage leaves the database. All that do are
    compared, which is exact, and takes time in proportion to them.
    """
    if not principals or not source_ids:
        return []
    statement = text(_VECTORS).bindparams(bindparam("principals", expanding=True), bindparam("sources", expanding=True))
    values: dict[str, Any] = {
        "encoder": wanted.encoder,
        "width": wanted.width,
        "principals": sorted(principals),
        "sources": sorted(source_ids),
    }
    ids: list[int] = []
    sizes: list[int] = []
    parts: list[Vectors] = []
    for rows_at_once in session.connection().execute(statement, values).partitions(_PASSAGES_AT_ONCE):
        ids += [row.passage_id for row in rows_at_once]
        sizes += [len(row.numbers) // wanted.width for row in rows_at_once]
        parts.append(_cosines(wanted.vectors[0], b"".join(row.numbers for row in rows_at_once)))
    if not ids:
        return []
    cosines = np.concatenate(parts)
    starts = np.cumsum([0, *sizes[:-1]])
    order = np.argsort(-np.maximum.reduceat(cosines, starts), kind="stable")[:limit]
    best = {ids[at]: tuple(map(float, cosines[starts[at] :][: sizes[at]])) for at in order}
    query = text(_BY_ID).bindparams(bindparam("ids", expanding=True))
    found = session.connection().execute(query, {"ids": list(best)}).mappings()
    matches = {row["passage_id"]: row for row in found}
    return [Match(**matches[passage_id], likenesses=likenesses) for passage_id, likenesses in best.items()]


def _cosines(wanted: Vectors, packed: bytes) -> Vectors:
    """Return the cosine between the wanted vector and each of those that were packed."""
    vectors = np.frombuffer(packed, np.int8).reshape(-1, len(wanted)).astype(np.float32)
    cosines: Vectors = vectors @ wanted / np.sqrt(np.einsum("vn,vn->v", vectors, vectors))
    return cosines


_COLUMNS = "p.id AS passage_id, d.id AS document_id, d.title, p.heading, p.text, d.url, d.label"
_ALLOWED = """
    d.source_id IN :sources AND d.is_deleted = false AND EXISTS (
        SELECT 1 FROM documentreader r WHERE r.document_id = d.id AND r.principal_id || '' IN :principals
    )
"""
# The empty string keeps SQLite from looking up every principal in the access list, which has far fewer entries.
_SQLITE_MATCH = f"""
    SELECT {_COLUMNS}
    FROM passage_search
    JOIN documentpassage p ON p.id = passage_search.rowid
    JOIN document d ON d.id = p.document_id
    WHERE passage_search MATCH :words AND {_ALLOWED}
    ORDER BY bm25(passage_search, {_WEIGHTS["title"]}, {_WEIGHTS["heading"]}, {_WEIGHTS["text"]}), p.id
    LIMIT :limit
"""  # noqa: S608 - constants only
_SQLITE_COUNT = """
    SELECT count(*) FROM (SELECT rowid FROM passage_search WHERE passage_search MATCH :words LIMIT :limit)
"""
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
_VECTORS = f"""
    SELECT v.passage_id, v.numbers
    FROM passagevectors v
    JOIN documentpassage p ON p.id = v.passage_id
    JOIN document d ON d.id = p.document_id
    WHERE v.encoder = :encoder AND v.width = :width AND {_ALLOWED}
"""  # noqa: S608 - constants only
_BY_ID = f"""
    SELECT {_COLUMNS}
    FROM documentpassage p
    JOIN document d ON d.id = p.document_id
    WHERE p.id IN :ids
"""  # noqa: S608 - constants only
