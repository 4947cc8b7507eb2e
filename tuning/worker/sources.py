"""Bringing a source in step with what the store knows of it, whatever kind it is; one job at a time."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext

from tuning.documents.extraction import Extractor
from tuning.documents.sync import SyncReport, sync
from tuning.domain.documents import SourceKind
from tuning.domain.fields import now
from tuning.governance.tenant import Tenant
from tuning.sources.kinds import reader_of
from tuning.store import Store, documents, sources

_LOOK_AGAIN_S = 0.5


def sync_source(
    tenant: Tenant,
    source_id: str,
    extractor: Extractor,
    progress: Callable[[float], None] = lambda _: None,
    *,
    job_id: str = "",
    check: Callable[[], None] = lambda: None,
) -> SyncReport:
    """Read what changed in a source, once no other job does; raise `NotFound` or `SourceMissing`.

    `check` is called again and again, and raises where the work must not go on. Without a job, the caller sees to it
    that nobody else syncs the source.
    """

    def go_on(share: float) -> None:
        check()
        progress(share)

    with tenant.store.reading() as session:
        source = documents.get_source(session, source_id)
    reader = reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=tenant.registration)
    alone = _alone(tenant.store, source_id, job_id, check) if job_id else nullcontext()
    with alone:
        began = now()
        if source.kind == SourceKind.SHAREPOINT:
            with tenant.store.transaction() as session:
                held = sources.get_for_update(session, source_id)
                # What a first sync keeps before it dies must not be readable by its lists for ever.
                held.readable_until = held.readable_until or began + tenant.lists_age
        report = sync(tenant.store, source_id, reader, extractor=extractor, progress=go_on)
        if source.kind == SourceKind.SHAREPOINT:
            with tenant.store.transaction() as session:
                sources.get_for_update(session, source_id).readable_until = began + tenant.lists_age
    return report


@contextmanager
def _alone(store: Store, source_id: str, job_id: str, check: Callable[[], None]) -> Generator[None]:
    """Wait until no other job syncs the source, and keep others away meanwhile."""
    while True:
        with store.transaction() as session:
            if sources.take(session, source_id, job_id, now()):
                break
        check()
        time.sleep(_LOOK_AGAIN_S)
    try:
        yield
    finally:
        with store.transaction() as session:
            sources.leave(session, source_id, job_id)
