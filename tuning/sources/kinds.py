"""Which reader belongs to which kind of source."""

from pathlib import Path

from tuning.domain.documents import Source, SourceKind
from tuning.domain.registration import AppRegistration
from tuning.sources.folder import FolderReader
from tuning.sources.reader import SourceReader
from tuning.sources.upload import UploadReader

LIBRARIES = "libraries"


def reader_of(source: Source, *, folder: Path, uploads: Path, registration: AppRegistration | None) -> SourceReader:
    """Return the reader of a source, given the tenant folder, the folder of all uploads, and Attune's registration.

    Copies of libraries lie beside the uploads.
    """
    if source.kind == SourceKind.SHAREPOINT:
        from tuning.sources.graph.library import LibraryReader  # noqa: PLC0415 - Microsoft's packages load slowly

        return LibraryReader(copy_of(source.id, uploads=uploads), source.location, registration)
    if source.kind == SourceKind.UPLOAD:
        return UploadReader(uploads, source.location)
    return FolderReader(folder, source.location)


def copy_of(source_id: str, *, uploads: Path) -> Path:
    """Return the folder of a library's copy, given the folder of all uploads."""
    return uploads.parent / LIBRARIES / source_id
