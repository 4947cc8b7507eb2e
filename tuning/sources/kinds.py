"""Which reader belongs to which kind of source."""

from pathlib import Path

from tuning.domain.documents import Source, SourceKind
from tuning.sources.folder import FolderReader
from tuning.sources.reader import SourceReader
from tuning.sources.upload import UploadReader


def reader_of(source: Source, *, folder: Path, uploads: Path) -> SourceReader:
    """Return the reader of a source, given the tenant folder and the folder of all uploads."""
    if source.kind == SourceKind.UPLOAD:
        return UploadReader(uploads, source.location)
    return FolderReader(folder, source.location)
