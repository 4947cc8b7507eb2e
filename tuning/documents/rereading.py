"""The file of a synced document, read once more: as long as it is the one that its access list was read for."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tuning.documents.errors import NotSupported
from tuning.documents.extraction import Extractor
from tuning.domain.documents import Document
from tuning.sources.formats import MAX_BYTES, objection, suffix
from tuning.sources.reader import SourceReader


@dataclass(frozen=True, kw_only=True)
class RereadFile:
    """What is in a document's file."""

    text: str
    """As the file has it, secrets too."""
    word: bytes
    """The Word file that it is; empty for other kinds."""


def reread(reader: SourceReader, document: Document, extractor: Extractor) -> RereadFile | None:
    """Return what is in a document's file; None once it is another than was synced, as others may read that one.

    Raises Unreadable, OutsideSource and OSError.
    """
    if problem := objection(document.path, document.size):
        raise NotSupported(problem)
    path = reader.open(document.path)
    if path.stat().st_size > MAX_BYTES:  # nothing as large was synced
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != document.sha256:
        return None
    with tempfile.TemporaryDirectory(prefix="attune-") as folder:
        # A copy, because what lies at the path may be replaced before it has been read.
        copy = Path(folder) / f"file{suffix(document.path)}"
        copy.write_bytes(content)
        text = extractor.extract(copy).strip()
    return RereadFile(text=text, word=content if suffix(document.path) == ".docx" else b"")
