"""A source and what the store knows of it, brought in step: only what changed is read."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tuning.documents.errors import Unreadable
from tuning.documents.extraction import Extractor
from tuning.documents.passages import Chunk, split, title
from tuning.documents.secrets import legible, redact
from tuning.domain.audit import Tag
from tuning.domain.documents import Document, DocumentPassage
from tuning.domain.fields import now
from tuning.languages import mark
from tuning.sources.errors import OutsideSource, SourceGone
from tuning.sources.formats import LISTS, MEDIA_TYPES, objection, suffix
from tuning.sources.reader import SourceFile, SourceReader
from tuning.store import audit, documents, erasure
from tuning.store.store import Store

_ERASED = mark("It was erased: its content is not read again.")
_NOT_OPENED = mark("The file could not be opened; it will be tried again at the next sync.")

_BATCH = 20


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """What one sync did, in documents."""

    total: int = 0
    """In the source now."""
    read: int = 0
    """New or changed, and read."""
    unchanged: int = 0
    regranted: int = 0
    """Whose access list or label changed."""
    deleted: int = 0
    left_out: int = 0
    """From which no text can be taken, now or before."""


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What was found in a file that had to be opened."""

    file: SourceFile
    sha256: str = ""
    markdown_title: str = ""
    chunks: tuple[Chunk, ...] = ()
    redacted: Mapping[str, int] = field(default_factory=dict)
    left_out: str = ""


def sync(
    store: Store,
    source_id: str,
    reader: SourceReader,
    *,
    extractor: Extractor | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> SyncReport:
    """Read what is new or changed in a source, take over its access lists, and mark what is gone.

    A file counts as unchanged when size and time of change are, or else when its SHA-256 is. One that is changed while
    it is read, so that its access list may be older than its content, is left to the next sync. Every batch is one
    transaction in which documents, access lists, passages and index change together; a sync that was cut short goes on
    where it stopped when it is repeated. Several sources can be read with one
    extractor. Raises NotFound, and SourceMissing of `tuning.sources`; SourceGone when all is marked as gone.
    """
    with store.reading() as session:
        documents.get_source(session, source_id)
        known = {it.path: it for it in documents.of_source(session, source_id)}
        erased_paths, erased_contents = erasure.erased(session, source_id)
    files, lists, gone = _list(reader, erased_paths)
    report = SyncReport(total=len(files))
    done = 0
    with nullcontext(extractor) if extractor else Extractor() as opener:
        for batch in _batches(files):
            readings = {file.path: _look(reader, opener, file, known.get(file.path)) for file in batch}
            for path, reading in readings.items():
                if reading is not None and reading.sha256 in erased_contents:
                    reader.erase(path)
            with store.transaction() as session:
                before = report
                # What was erased while this sync read it must not come back with it.
                erased_paths, erased_contents = erasure.erased(session, source_id)
                for file in batch:
                    if erasure.digest(file.path) not in erased_paths:
                        reading = _unless_erased(readings[file.path], erased_contents)
                        report = _save(session, source_id, file, reading, report)
                _record(session, source_id, before, report)
            done += len(batch)
            progress(done / len(files))
    listed = {file.path: found for file in lists if (found := _listed(reader, file))}
    with store.transaction() as session:
        deleted = documents.mark_deleted(session, source_id, keep={file.path for file in files})
        before, report = report, replace(report, deleted=deleted)
        source = documents.get_source(session, source_id)
        source.synced_at, source.lists = now(), listed
        _record(session, source_id, before, report)
    if gone is not None:
        raise gone
    progress(1.0)
    return report


def _list(
    reader: SourceReader, erased_paths: Collection[str]
) -> tuple[list[SourceFile], list[SourceFile], SourceGone | None]:
    """Return a source's documents and lists, and the refusal if it is gone; what was erased is deleted here."""
    files: list[SourceFile] = []
    lists: list[SourceFile] = []
    try:
        for file in reader.files():
            if erasure.digest(file.path) in erased_paths:
                reader.erase(file.path)
            else:
                (lists if file.path in LISTS else files).append(file)
    except SourceGone as gone:
        return [], [], gone
    return files, lists, None


def _listed(reader: SourceReader, file: SourceFile) -> dict[str, Any] | None:
    """Return what decides whether a list may be learned from; None if it can't be read, or is changed meanwhile."""
    try:
        sha256 = _sha256(reader.open(file.path))
        is_as_listed = reader.is_as_listed(file)
    except (OutsideSource, OSError):
        return None
    return {"readers": list(file.readers), "label": file.label, "sha256": sha256} if is_as_listed else None


def _unless_erased(reading: _Reading | None, erased_contents: Collection[str]) -> _Reading | None:
    if reading is None or reading.sha256 not in erased_contents:
        return reading
    return _Reading(file=reading.file, left_out=_ERASED)


def _record(session: Session, source_id: str, before: SyncReport, report: SyncReport) -> None:
    """Audit what a transaction changed, in that very transaction."""
    detail = {name: getattr(report, name) - getattr(before, name) for name in ("read", "regranted", "deleted")}
    if any(detail.values()):
        audit.record(session, Tag.SOURCE_SYNCED, audit.WORKER, source_id, **detail, total=report.total)


def _batches(files: Iterable[SourceFile]) -> Iterable[list[SourceFile]]:
    rest = iter(files)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _look(reader: SourceReader, extractor: Extractor, file: SourceFile, known: Document | None) -> _Reading | None:
    """Return what is in a file; None when it is as it was."""
    if problem := file.problem or objection(file.path, file.size):
        return _Reading(file=file, left_out=problem)
    hashed = known.sha256 if known else ""
    if known and hashed and (known.size, known.modified_at) == (file.size, file.modified_at):
        return None
    try:
        path = reader.open(file.path)
        sha256 = _sha256(path)
        if known and sha256 == hashed:
            return _Reading(
                file=file,
                sha256=sha256,
                markdown_title=known.title,
                redacted=known.redacted,
                left_out=known.left_out,
            )
        reading = _parse(file, sha256, extractor, path)
        if reader.is_as_listed(file):
            return reading
    except (OutsideSource, OSError):
        pass
    return _Reading(file=file, left_out=_NOT_OPENED)


def _parse(file: SourceFile, sha256: str, extractor: Extractor, path: Path) -> _Reading:
    try:
        markdown = extractor.extract(path)
    except Unreadable as error:
        return _Reading(file=file, sha256=sha256, left_out=error.sentence)
    clean = redact(legible(markdown))
    return _Reading(
        file=file,
        sha256=sha256,
        markdown_title=title(clean.text),
        chunks=tuple(split(clean.text)),
        redacted={kind.value: count for kind, count in clean.counts.items()},
    )


def _save(
    session: Session, source_id: str, file: SourceFile, reading: _Reading | None, report: SyncReport
) -> SyncReport:
    known = documents.at_path(session, source_id, file.path)
    document = known or Document(source_id=source_id, path=file.path, title=file.title)
    is_same_content = known is not None and (
        reading is None or (reading.sha256, reading.left_out) == (known.sha256, known.left_out)
    )
    is_regranted = known is not None and (known.readers, known.label) != (list(file.readers), file.label)
    document.url, document.label, document.readers = file.url, file.label, list(file.readers)
    document.size, document.modified_at, document.is_deleted = file.size, file.modified_at, False
    document.unknown_syncs = document.unknown_syncs + 1 if file.problem else 0
    document.media_type = MEDIA_TYPES.get(suffix(file.path), "")
    if reading is not None:
        document.sha256, document.left_out = reading.sha256, reading.left_out
        document.redacted = dict(reading.redacted)
        document.title = reading.markdown_title or file.title
        document.synced_at = now()
    documents.save(session, document)
    if reading is not None and not is_same_content:
        documents.replace_passages(
            session,
            document.id,
            [
                DocumentPassage(document_id=document.id, position=it.position, heading=it.heading, text=it.text)
                for it in reading.chunks
            ],
        )
    return replace(
        report,
        read=report.read + (reading is not None and not is_same_content),
        unchanged=report.unchanged + is_same_content,
        regranted=report.regranted + is_regranted,
        left_out=report.left_out + bool(document.left_out),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
