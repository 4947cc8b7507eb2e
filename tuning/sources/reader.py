"""What every kind of source offers: its files with their access lists, and a local path to read each from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

GRANTS_AGE = timedelta(hours=24)
"""How long an access list is believed that nobody said was changed."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file of a source, as its listing tells it; nothing of it has been opened."""

    path: str
    """Its path in the source, with '/' between the parts."""
    title: str
    """A readable name, for documents that have no title of their own."""
    url: str
    """The web address where a person opens it; empty if there is none."""
    size: int
    """Bytes."""
    modified_at: datetime
    readers: tuple[str, ...]
    """Principals that may read it; empty means nobody."""
    label: str = ""
    """The sensitivity label's name, if it has one."""
    problem: str = ""
    """Why its access list is not known, as a sentence; then `readers` is empty."""


class SourceReader(Protocol):
    """A source to read from."""

    def files(self) -> Iterator[SourceFile]:
        """Yield every file, ordered by path; raises SourceMissing, and SourceGone if they are gone for certain."""
        ...

    def open(self, path: str) -> Path:
        """Return a local path to read a file from; raises OutsideSource for anything that is no file of the source."""
        ...

    def is_as_listed(self, file: SourceFile) -> bool:
        """Say whether what was just read is still what was listed; if not, its access list may be another one."""
        ...

    def erase(self, path: str) -> None:
        """Delete what Attune itself keeps of a file, if anything, and don't fetch it again; the origin stays."""
        ...
