"""Bringing a source in step with what the store knows of it, whatever kind it is."""

from collections.abc import Callable

from tuning.documents.sync import SyncReport, sync
from tuning.domain.documents import Source, SourceKind
from tuning.governance.tenant import Tenant
from tuning.sources.folder import FolderReader
from tuning.sources.reader import SourceReader
from tuning.sources.upload import UploadReader
from tuning.store import documents


def sync_source(tenant: Tenant, source_id: str, progress: Callable[[float], None]) -> SyncReport:
    """Read what changed in a source; raise `NotFound` or `SourceMissing`."""
    with tenant.store.reading() as session:
        source = documents.get_source(session, source_id)
    return sync(tenant.store, source_id, _reader(tenant, source), progress=progress)


def _reader(tenant: Tenant, source: Source) -> SourceReader:
    match source.kind:
        case SourceKind.FOLDER:
            return FolderReader(tenant.folder, source.location)
        case SourceKind.UPLOAD:
            return UploadReader(tenant.uploads, source.location)
