"""A folder of files as a source; who may read what stands in sidecar files named `.access.json`."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, ValidationError

from tuning.languages import say
from tuning.sources.errors import OutsideSource, SourceMissing
from tuning.sources.reader import SourceFile

SIDECAR = ".access.json"
MAPPING = "mapping.csv"
"""In a source's root: which precedent belongs to which target."""
QUESTIONS = "questions.csv"
"""In a source's root: what people have asked, and what documents answer."""
_LISTS = frozenset({MAPPING, QUESTIONS})
"""They are about the documents and are none themselves."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    read: list[str] | None = None
    label: str | None = None


class _Sidecar(_Entry):
    files: dict[str, _Entry] = {}


@dataclass(frozen=True)
class _Access:
    readers: tuple[str, ...] = ()
    label: str = ""
    problem: str = ""


class FolderReader:
    """`SourceReader` over a folder below the tenant folder.

    A sidecar is {"read": [ids or "organisation"], "label": "...", "files": {"name": {"read": [...], "label": "..."}}}.
    The nearest one counts, up to the tenant folder; a file's own entry replaces the folder's; with none, nobody may
    read. A sidecar that can't be understood closes what it governs. Hidden files and links are passed over: a link
    would give a file the access list of another place.
    """

    def __init__(self, root: Path, location: str) -> None:
        """Take the tenant folder and the source's path in it; raises SourceMissing when that leads out of it."""
        self._root = root.resolve()
        self._folder = (self._root / location).resolve()
        if not self._folder.is_relative_to(self._root):
            raise SourceMissing(f"The source's location '{location}' is not in the organisation's folder.")
        self._location = location

    def files(self) -> Iterator[SourceFile]:
        """Yield every file, ordered by path."""
        if not self._folder.is_dir():
            raise SourceMissing(
                f"The source's folder '{self._location}' is not there. Put it back, or choose another source."
            )
        for folder, names, files in os.walk(self._folder, followlinks=False):
            names[:] = sorted(name for name in names if not _is_hidden(name))
            here = Path(folder)
            sidecar = self._nearest(here)
            for name in sorted(files):
                path = here / name
                if _is_hidden(name) or path.is_symlink() or (here == self._folder and name in _LISTS):
                    continue
                yield self._file(path, _access(sidecar, path))

    def open(self, path: str) -> Path:
        """Return where a file lies."""
        target = self._folder / path
        parts = PurePosixPath(path).parts
        if any(_is_hidden(part) for part in parts) or target.resolve() != target or not target.is_file():
            raise OutsideSource(f"'{path}' is not a file of the source '{self._location}'.")
        return target

    def erase(self, path: str) -> None:
        """Do nothing: the folder is the origin itself, and none of it is kept elsewhere."""

    def _file(self, path: Path, access: _Access) -> SourceFile:
        status = path.stat()
        return SourceFile(
            path=path.relative_to(self._folder).as_posix(),
            title=path.stem.replace("_", " ").replace("-", " ").strip().capitalize(),
            url="",  # a path of this machine opens nowhere else, and is nobody's business
            size=status.st_size,
            modified_at=datetime.fromtimestamp(status.st_mtime, tz=UTC),
            readers=access.readers,
            label=access.label,
            problem=access.problem,
        )

    def _nearest(self, folder: Path) -> Path | None:
        for place in (folder, *folder.parents):
            if os.path.lexists(place / SIDECAR):  # one that leads nowhere closes what it governs
                return place / SIDECAR
            if place == self._root:
                return None
        return None


def _access(sidecar: Path | None, file: Path) -> _Access:
    if sidecar is None:
        return _Access()
    try:
        content = _Sidecar.model_validate(json.loads(sidecar.read_bytes()))
    except (OSError, ValueError, ValidationError):
        where = f"{sidecar.parent.name}/{SIDECAR}"
        return _Access(
            problem=say(
                "Its access list, {name}, can't be understood, so nobody may read it; mend that file.", name=where
            )
        )
    own = content.files.get(file.name, _Entry()) if sidecar.parent == file.parent else _Entry()
    readers = content.read if own.read is None else own.read
    label = content.label if own.label is None else own.label
    return _Access(readers=tuple(dict.fromkeys(readers or ())), label=label or "")


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))
