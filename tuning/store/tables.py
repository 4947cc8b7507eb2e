"""All tables of the domain, imported so that they are known, and which tables of the database are theirs."""

from typing import Any

from tuning.domain import (
    agents,
    audit,
    comparisons,
    conversations,
    datasets,
    deliveries,
    documents,
    drafts,
    drift,
    evaluations,
    feedback,
    grants,
    jobs,
    notices,
    pairs,
    policy,
    quiet,
    releases,
    rooms,
    runs,
    samples,
    usage,
)

MODULES = (
    agents,
    audit,
    comparisons,
    conversations,
    datasets,
    deliveries,
    documents,
    drafts,
    drift,
    evaluations,
    feedback,
    grants,
    jobs,
    notices,
    pairs,
    policy,
    quiet,
    releases,
    rooms,
    runs,
    samples,
    usage,
)
SEARCH_PREFIX = "passage_search"
"""The full-text index: tables on SQLite, an index on PostgreSQL; no model describes it."""


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Return whether Alembic should compare a table or index of the database with the models."""
    return kind not in {"table", "index"} or name is None or not name.startswith(SEARCH_PREFIX)
