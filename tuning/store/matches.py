"""The passages that fit a question, by words and by vectors: who may read is decided inside each query."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import bindparam, text
from sqlmodel import Session

from tuning.domain.fields import now
from tuning.domain.vectors import Encoded, Vectors
from tuning.store import sources

# Weights of a term in the title, in the headings, and in the passage itself.
_WEIGHTS = {"title": 2.0, "heading": 2.0, "text": 1.0}
_SCORED = 2_000
"""Passages that are scored at most, unless there are more and no word divides them well."""
_POSTGRESQL_SCORED = 250
"""The same for PostgreSQL, which takes four times as long to score one."""
_POSTGRESQL_MOST = 1000
"""Where a question has nothing but common words, so many of the passages that the person may read are scored."""
_POSTGRESQL_PLAN = "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off"
"""It takes a word without statistics for a common one, and would read all passages for a few of those."""
_RARE = _SCORED // 4
"""Passages with a wide term at most; one that more hold tells little."""
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


@dataclass(frozen=True)
class _Wanted:
    """What to match by, and what to score by, in the database's own language."""

    words: str
    scored: str


def match(
    session: Session,
    terms: Sequence[str],
    wide: Sequence[str] = (),
    *,
    principals: Collection[str],
    source_ids: Collection[str],
    limit: int,
) -> list[Match]:
    """Return the passages that fit the terms best, best first, of documents that one of the principals may read.

    Sources whose access lists are too old to go by count as not asked for.
    A term is a word in small letters and digits; passages with any of them count, by BM25 (SQLite) or by frequency
    (PostgreSQL). After them come as many that fit best with the wide terms, too. Every passage that fits is scored,
    which takes long for common words: where there are too many, only those with the rarer terms count, and if need be
    with several; and of the wide terms only the rare ones. Where all terms are common, PostgreSQL scores some of them.
    """
    source_ids = sources.readable(session, source_ids, now())
    if not terms or not principals or not source_ids:
        return []
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = text(_SQLITE_MATCH if is_sqlite else _POSTGRESQL_MATCH).bindparams(
        bindparam("principals", expanding=True), bindparam("sources", expanding=True)
    )
    values: dict[str, Any] = {"principals": sorted(principals), "sources": sorted(source_ids), "limit": limit}
    found: dict[int, Match] = {}
    for wanted in _sqlite_wanted(session, terms, wide) if is_sqlite else _postgresql_wanted(session, terms, wide):
        asked = values | {"words": wanted.words} | ({} if is_sqlite else {"scored": wanted.scored})
        for row in session.connection().execute(statement, asked).mappings():
            found.setdefault(row["passage_id"], Match(**row))
    return list(found.values())


def _sqlite_wanted(session: Session, terms: Sequence[str], wide: Sequence[str]) -> list[_Wanted]:
    counts = {term: _sqlite_count(session, f'"{term}"') for term in terms}
    rarer, total = _rarer(counts, _SCORED)
    some = " OR ".join(f'"{term}"' for term in rarer)
    for term in _common(counts, rarer):
        if total <= _SCORED:
            break
        both = f'({some}) AND "{term}"'
        if (count := _sqlite_count(session, both)) >= _RARE:
            some, total = both, count
    every = " OR ".join(f'"{term}"' for term in terms)
    # What is matched by is what BM25 scores by: the common terms must be in it, too.
    words = every if len(rarer) == len(counts) else f"({some}) AND ({every})"
    more = _rare(_sqlite_counts(session, wide), total, _SCORED)
    wider = " OR ".join([f"({words})", *(f'"{term}"' for term in more)])
    return [_Wanted(it, it) for it in ([words, wider] if more else [words])]


def _sqlite_counts(session: Session, terms: Sequence[str]) -> dict[str, int]:
    """Return how many passages hold each of some terms, and one more than is rare for those that more hold."""
    if not terms:
        return {}
    one = "SELECT {0}, count(*) FROM (SELECT 1 FROM passage_search WHERE passage_search MATCH :t{0} LIMIT :most)"
    statement = text(" UNION ALL ".join(one.format(at) for at in range(len(terms))))
    values = {f"t{at}": f'"{term}"' for at, term in enumerate(terms)}
    counts = session.connection().execute(statement, values | {"most": _RARE + 1})
    return {terms[at]: count for at, count in counts}


def _sqlite_count(session: Session, words: str) -> int:
    """Return how many passages match; beyond a limit, words are common, however many more there are."""
    values = {"words": words, "limit": 5 * _SCORED}
    return int(session.connection().execute(text(_SQLITE_COUNT), values).scalar_one())


def _postgresql_wanted(session: Session, terms: Sequence[str], wide: Sequence[str]) -> list[_Wanted]:
    for setting in _POSTGRESQL_PLAN.split("; "):
        session.connection().execute(text(setting))
    passages, counts = _postgresql_counts(session, [*terms, *wide])
    own = {term: counts[term] for term in terms}
    # In none, or in a few? Where they are in a few, those with common words alone need no look.
    own |= _postgresql_rare(session, [term for term in terms if not own[term]])
    rarer, total = _rarer(own, _POSTGRESQL_SCORED)
    words = " | ".join(f"'{term}'" for term in rarer)
    for term in _common(own, rarer):
        if total <= _POSTGRESQL_SCORED:
            break
        if (both := total * own[term] // max(passages, 1)) >= _POSTGRESQL_SCORED // 4:
            words, total = f"({words}) & '{term}'", both
    every = " | ".join(f"'{term}'" for term in terms)
    more = [f"'{term}'" for term in _rare({term: counts[term] for term in wide}, total, _POSTGRESQL_SCORED)]
    wanted = [_Wanted(words, every)]
    return [*wanted, _Wanted(" | ".join([f"({words})", *more]), " | ".join([every, *more]))] if more else wanted


def _postgresql_counts(session: Session, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Return how many passages there are, and hold each of the terms, as the planner's statistics have it.

    Counting would read the whole list of a common word. One that the statistics don't have is rare, and counts as in
    none.
    """
    rows = session.connection().execute(text(_POSTGRESQL_COUNTS), {"terms": list(terms)})
    counts = dict.fromkeys(terms, 0)
    passages = 0
    for term, share, count in rows:
        passages = int(count)
        counts[term] = int(share * count)
    return passages, counts


def _postgresql_rare(session: Session, terms: Sequence[str]) -> dict[str, int]:
    """Return how many passages hold each of some rare terms, counted up to what is scored at most."""
    if not terms:
        return {}
    one = """
        SELECT {0}, count(*) FROM (
            SELECT 1 FROM passage_search WHERE words @@ to_tsquery('english', :t{0}) LIMIT :most
        ) AS found{0}
    """
    statement = text(" UNION ALL ".join(one.format(at) for at in range(len(terms))))
    values = {f"t{at}": f"'{term}'" for at, term in enumerate(terms)}
    counts = session.connection().execute(statement, values | {"most": _POSTGRESQL_SCORED})
    return {terms[at]: count for at, count in counts}


def _rarer(counts: Mapping[str, int], most: int) -> tuple[list[str], int]:
    """Return the rarest terms, as many as there is room for but at least one, and in how many passages they are."""
    rarer: list[str] = []
    total = 0
    for term in sorted(counts, key=lambda term: counts[term]):
        if total and total + counts[term] > most:
            break
        total += counts[term]
        rarer.append(term)
    return rarer, total


def _common(counts: Mapping[str, int], rarer: Sequence[str]) -> list[str]:
    """Return the other terms, rarest first."""
    return sorted((term for term in counts if term not in rarer), key=lambda term: counts[term])


def _rare(counts: Mapping[str, int], total: int, most: int) -> list[str]:
    """Return the terms that few passages hold, as far as there is room beside those that are scored anyway."""
    rare = []
    for term in sorted((term for term in counts if counts[term] <= most // 4), key=lambda term: counts[term]):
        total += counts[term]
        if total > most:
            break
        rare.append(term)
    return rare


def nearest(
    session: Session, wanted: Encoded, *, principals: Collection[str], source_ids: Collection[str], limit: int
) -> list[Match]:
    """Return the passages with a vector nearest to the wanted one (by cosine), nearest first.

    Who may read is decided as by `match`: no vector of another's passage leaves the database. All that do are compared,
    which is exact, and takes time in proportion to them.
    """
    source_ids = sources.readable(session, source_ids, now())
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


def of_ids(
    session: Session, passage_ids: Collection[int], *, principals: Collection[str], source_ids: Collection[str]
) -> dict[int, Match]:
    """Return passages by their ids, as far as they are there still and `match` might give them."""
    source_ids = sources.readable(session, source_ids, now())
    if not passage_ids or not principals or not source_ids:
        return {}
    query = text(f"{_BY_ID} AND {_ALLOWED}").bindparams(
        *(bindparam(name, expanding=True) for name in ("ids", "principals", "sources"))
    )
    values = {"ids": list(passage_ids), "principals": sorted(principals), "sources": sorted(source_ids)}
    return {row["passage_id"]: Match(**row) for row in session.connection().execute(query, values).mappings()}


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
# The words first, whatever the planner would rather begin with for the limit's sake.
_POSTGRESQL_MATCH = f"""
    WITH matching AS MATERIALIZED (
        SELECT passage_id FROM passage_search WHERE words @@ to_tsquery('english', :words)
    ), readable AS MATERIALIZED (
        SELECT m.passage_id
        FROM matching m
        JOIN documentpassage p ON p.id = m.passage_id
        JOIN document d ON d.id = p.document_id
        WHERE {_ALLOWED}
        LIMIT {_POSTGRESQL_MOST}
    )
    SELECT {_COLUMNS}
    FROM readable
    JOIN passage_search s ON s.passage_id = readable.passage_id
    JOIN documentpassage p ON p.id = s.passage_id
    JOIN document d ON d.id = p.document_id
    ORDER BY ts_rank(s.words, to_tsquery('english', :scored), 1) DESC, p.id
    LIMIT :limit
"""  # noqa: S608 - constants only
_POSTGRESQL_COUNTS = """
    SELECT asked.term, frequent.share, c.reltuples
    FROM pg_class c
    JOIN pg_stats s ON s.tablename = c.relname AND s.schemaname = current_schema() AND s.attname = 'words'
    CROSS JOIN unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS frequent(lexeme, share)
    JOIN (
        SELECT term, (tsvector_to_array(to_tsvector('english', term)))[1] AS lexeme
        FROM unnest(CAST(:terms AS text[])) AS term
    ) asked ON asked.lexeme = frequent.lexeme
    WHERE c.oid = 'passage_search'::regclass
"""
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
