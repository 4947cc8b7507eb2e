"""Bringing a source in step with what the store knows of it, whatever kind it is."""

from collections.abc import Callable

from tuning.documents.extraction import Extractor
from tuning.documents.sync import SyncReport, sync
from tuning.governance.tenant import Tenant
from tuning.sources.kinds import reader_of
from tuning.store import documents


def sync_source(
    tenant: Tenant, source_id: str, extractor: Extractor, progress: Callable[[float], None] = lambda _: None
) -> SyncReport:
    """Read what changed in a source; raise `NotFound` or `SourceMissing`."""
    with tenant.store.reading() as session:
        source = documents.get_source(session, source_id)
    reader = reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=tenant.registration)
    return sync(tenant.store, source_id, reader, extractor=extractor, progress=progress)
