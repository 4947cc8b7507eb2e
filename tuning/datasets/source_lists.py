"""Lists that a source has in its root, about its documents and none itself: `mapping.csv` and `questions.csv`."""

import csv
import hashlib
import io
from collections import Counter

from tuning.datasets.material import Material
from tuning.domain.documents import Source
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.sources.errors import OutsideSource, SourceMissing
from tuning.sources.formats import MAPPING, QUESTIONS
from tuning.sources.kinds import reader_of
from tuning.sources.reader import SourceReader

_COLUMNS = {MAPPING: ("precedent", "target"), QUESTIONS: ("question", "answer", "document")}


def reader(tenant: Tenant, source: Source) -> SourceReader:
    """Return what reads the files of a source that are on this machine."""
    return reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=None)


def rows(
    tenant: Tenant, source: Source, name: str, material: Material, dropped: Counter[str]
) -> list[dict[str, str]] | None:
    """Return the rows of a source's list; None if it has none to learn from.

    That is one that all of the audience may read, as documents are, and that has not changed since the sync that read
    its access list; `dropped` counts the others. Raises InvalidInput for what is no CSV in UTF-8 with these columns.
    """
    try:
        content = reader(tenant, source).open(name).read_bytes()
    except (OutsideSource, SourceMissing, OSError):
        return None
    if material.lists.get((source.id, name)) != hashlib.sha256(content).hexdigest():
        dropped[f"{name} that not all of the audience may read, or that was changed after the sync"] += 1
        return None
    found = csv.DictReader(io.StringIO(_decoded(content, name, source), newline=None))
    columns = _COLUMNS[name]
    try:
        if not set(columns) <= set(found.fieldnames or ()):
            named, needed = ", ".join(found.fieldnames or ["nothing"]), " and ".join(columns)
            raise InvalidInput(f"{name} of '{source.name}' needs the columns {needed}; it has: {named}.")
        # A short row has None for what is missing, a long one a list of what is left over, under None.
        return [{key: (value or "").strip() for key, value in row.items() if key is not None} for row in found]
    except csv.Error as error:
        line = found.line_num + 1
        raise InvalidInput(f"Line {line} of {name} of '{source.name}' can't be read: {error}.") from error


def _decoded(content: bytes, name: str, source: Source) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{name} of '{source.name}' is not written in UTF-8. Save it as 'CSV UTF-8', then tune again."
        ) from error
