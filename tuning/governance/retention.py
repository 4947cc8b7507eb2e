"""Forgets what people said, and what agents learned from, once it is older than the policy keeps it."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from tuning.domain.audit import Tag
from tuning.governance.tenant import Tenant
from tuning.store import audit, policy, retention

BATCH = 2_000
KEPT = {"adapter", "adapter.gguf", "config.json"}
"""Of a run's folder: what answers, what the next run continues, and how it was trained."""


def apply(tenant: Tenant, at: datetime) -> dict[str, int]:
    """Forget everything that is too old, and return how many rows of which kind; files of old runs go with them.

    In batches that are each audited in their own transaction. Hashes, scores, decisions and the audit stay: they say
    what was done, not what was said.
    """
    with tenant.store.reading() as session:
        before = at - timedelta(days=policy.get(session).retention_days)
    total: dict[str, int] = {}
    while counts := _forget(tenant, before):
        total = {kind: total.get(kind, 0) + counts.get(kind, 0) for kind in {**total, **counts}}
    with tenant.store.reading() as session:
        old = retention.runs_over(session, before)
    for run_id in old:
        _empty(tenant.run_folder(run_id))
    if total:
        tenant.store.let_go()
    return total


def _forget(tenant: Tenant, before: datetime) -> dict[str, int]:
    with tenant.store.transaction() as session:
        counts = retention.forget(session, before, BATCH)
        if counts:
            detail = {**counts, "before": before.isoformat()}
            audit.record(session, Tag.RETENTION_APPLIED, audit.WORKER, "retention", **detail)
    return counts


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name in KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
