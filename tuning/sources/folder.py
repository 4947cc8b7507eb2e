"""A folder of files as a source; who may read what stands in sidecar files named `.access.json`."""

import difflib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, field_validator

from tuning.languages import mark, say
from tuning.sources.errors import OutsideSource, SourceMissing
from tuning.sources.reader import SourceFile

SIDECAR = ".access.json"
_DIGITS = re.compile(r"\d+")
_NEAR = 0.8
_ODD_NAME = mark("Its name can't be read; rename it.")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    read: list[str] | None = None
    label: str | None = None


class _Sidecar(_Entry):
    files: dict[str, _Entry] = {}

    @field_validator("files")
    @classmethod
    def _composed(cls, files: dict[str, _Entry]) -> dict[str, _Entry]:
        found = {_composed(name): entry for name, entry in files.items()}
        if len(found) < len(files):
            raise ValueError(f"Two of these are the same name: {', '.join(files)}.")
        return found


@dataclass(frozen=True)
class _Access:
    readers: tuple[str, ...] = ()
    label: str = ""
    problem: str = ""


class FolderReader:
    """`SourceReader` over a folder below the tenant folder.

    A sidecar is {"read": [ids or "organisation"], "label": "...", "files": {"name": {"read": [...], "label": "..."}}}.
    The nearest one counts, up to the tenant folder; a file's own entry replaces the folder's; with none, nobody may
    read. A sidecar that can't be understood closes what it governs, as does one with readers for a name that is only
    nearly that of a file beside it: whose they are is not known. Where no name is near, the file has gone. Hidden
    files and links are passed over: a link would give a file the access list of another place.
    """

    def __init__(self, root: Path, location: str) -> None:
        """Take the tenant folder and the source's path in it; raises SourceMissing when that leads out of it."""
        self._root = root.resolve()
        self._folder = (self._root / location).resolve()
        if not self._folder.is_relative_to(self._root):
            raise SourceMissing(f"The source's location '{location}' is not in the organisation's folder.")
        self._location = location

    def files(self) -> Iterator[SourceFile]:
        """Yield every file, ordered by path; raises SourceMissing, also where a part of it can't be listed."""
        try:
            is_there = self._folder.is_dir()
        except OSError as error:
            self._fail(error)
        if not is_there:
            raise SourceMissing(
                f"The source's folder '{self._location}' is not there. Put it back, or choose another source."
            )
        understood: dict[Path, tuple[object, _Sidecar | str]] = {}
        for folder, names, files in os.walk(self._folder, onerror=self._fail, followlinks=False):
            names[:] = sorted(name for name in names if not _is_hidden(name))
            here = Path(folder)
            # Files come first: what is put in and closed meanwhile must not go by an older access list.
            found = [(here / name, self._status(here / name)) for name in sorted(files) if not _is_hidden(name)]
            sidecar = self._nearest(here)
            if sidecar is not None and (stamp := _stamp(sidecar)) != understood.get(sidecar, (None,))[0]:
                understood[sidecar] = stamp, _understood(sidecar)
            for path, status in found:
                if status is not None and not stat.S_ISLNK(status.st_mode):
                    access = _access(sidecar, understood[sidecar][1], path) if sidecar else _Access()
                    yield self._file(path, status, access)

    def open(self, path: str) -> Path:
        """Return where a file lies."""
        target = self._folder / path
        parts = PurePosixPath(path).parts
        if any(_is_hidden(part) for part in parts) or target.resolve() != target or not target.is_file():
            raise OutsideSource(f"'{path}' is not a file of the source '{self._location}'.")
        return target

    def erase(self, path: str) -> None:
        """Do nothing: the folder is the origin itself, and none of it is kept elsewhere."""

    def is_as_listed(self, file: SourceFile) -> bool:
        """Say whether a file has still the size and the time of change that it was listed with."""
        status = (self._folder / file.path).lstat()
        return (status.st_size, _changed_at(status)) == (file.size, file.modified_at)

    def _status(self, path: Path) -> os.stat_result | None:
        """Return what the disk says of a file; None if it has gone since it was listed."""
        try:
            return path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fail(error)

    def _file(self, path: Path, status: os.stat_result, access: _Access) -> SourceFile:
        inside = path.relative_to(self._folder).as_posix()
        legible = legible_name(inside)
        if legible != inside:
            access = _Access(problem=say(_ODD_NAME))
        return SourceFile(
            path=legible,
            title=PurePosixPath(legible).stem.replace("_", " ").replace("-", " ").strip().capitalize(),
            url="",  # a path of this machine opens nowhere else, and is nobody's business
            size=status.st_size,
            modified_at=_changed_at(status),
            readers=access.readers,
            label=access.label,
            problem=access.problem,
        )

    def _fail(self, error: OSError) -> NoReturn:
        # What can't be listed would count as deleted.
        raise SourceMissing(
            say(
                "The source's folder '{folder}' can't be listed: {reason}. Nothing of it was changed; the next sync "
                "tries again.",
                folder=self._location,
                reason=error.strerror or type(error).__name__,
            )
        ) from error

    def _nearest(self, folder: Path) -> Path | None:
        for place in (folder, *folder.parents):
            if os.path.lexists(place / SIDECAR):  # one that leads nowhere closes what it governs
                return place / SIDECAR
            if place == self._root:
                return None
        return None


def _changed_at(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, tz=UTC)


def _stamp(sidecar: Path) -> tuple[int, ...]:
    """Return what changes with a sidecar; nothing if it leads nowhere."""
    try:
        status = sidecar.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def legible_name(name: str) -> str:
    r"""Return a name as the file system has it, bytes that are not UTF-8 written as \xff."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _understood(sidecar: Path) -> _Sidecar | str:
    """Return what a sidecar says, or why that can't be understood, as a sentence."""
    where = legible_name(f"{sidecar.parent.name}/{SIDECAR}")
    try:
        content = _Sidecar.model_validate(json.loads(sidecar.read_bytes()))
        there = {_composed(entry.name) for entry in os.scandir(sidecar.parent) if not entry.is_dir()}
    except (OSError, ValueError):
        return say("Its access list, {name}, can't be understood, so nobody may read it; mend that file.", name=where)
    unlisted = there - content.files.keys()
    for name, entry in content.files.items():
        is_missing = entry.read is not None and name not in there
        if is_missing and ("/" in name or any(_is_near(name, other) for other in unlisted)):
            return say(
                "Its access list, {name}, says who may read '{file}', and no file beside it is called that, but one "
                "nearly so, or in another folder; so nobody may read what it governs. Mend that entry, or take it out.",
                name=where,
                file=name,
            )
    return content


def _is_near(name: str, other: str) -> bool:
    """Return whether one name is likely to be a slip of the other, or what the file is called by now."""
    if _DIGITS.findall(name) != _DIGITS.findall(other):
        return False
    return difflib.SequenceMatcher(a=name.casefold(), b=other.casefold()).ratio() >= _NEAR


def _access(sidecar: Path, content: _Sidecar | str, file: Path) -> _Access:
    if isinstance(content, str):
        return _Access(problem=content)
    own = content.files.get(_composed(file.name), _Entry()) if sidecar.parent == file.parent else _Entry()
    readers = content.read if own.read is None else own.read
    label = content.label if own.label is None else own.label
    return _Access(readers=tuple(dict.fromkeys(readers or ())), label=label or "")


def _composed(name: str) -> str:
    """Return the one form of a name in which accents are part of their letters; disks and people use others."""
    return unicodedata.normalize("NFC", name)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))
