"""Lists that a source has in its root, about its documents and none itself: `mapping.csv` and `questions.csv`."""

import csv
import io
from collections.abc import Sequence

from tuning.domain.documents import Source
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.sources.errors import OutsideSource, SourceMissing
from tuning.sources.kinds import reader_of
from tuning.sources.reader import SourceReader


def reader(tenant: Tenant, source: Source) -> SourceReader:
    """Return what reads the files of a source that are on this machine."""
    return reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=None)


def rows(tenant: Tenant, source: Source, name: str, columns: Sequence[str]) -> list[dict[str, str]] | None:
    """Return the rows of a source's list; None if it has none. Raises InvalidInput when columns are missing."""
    try:
        content = reader(tenant, source).open(name).read_text("utf-8-sig")
    except (OutsideSource, SourceMissing, OSError):
        return None
    found = csv.DictReader(io.StringIO(content))
    if not set(columns) <= set(found.fieldnames or ()):
        named, needed = ", ".join(found.fieldnames or ["nothing"]), " and ".join(columns)
        raise InvalidInput(f"{name} of '{source.name}' needs the columns {needed}; it has: {named}.")
    return [{key: (value or "").strip() for key, value in row.items() if isinstance(value, str)} for row in found]
