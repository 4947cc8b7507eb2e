"""What a person sent to the bot, as a source: it belongs to that person."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath

from tuning.languages import say
from tuning.sources.errors import OutsideSource, SourceMissing, UploadRefused
from tuning.sources.formats import objection
from tuning.sources.reader import SourceFile

MAX_NAME = 240
"""Bytes of a file's name; disks allow 255, and it gets a few more while it is written."""


class UploadReader:
    """`SourceReader` over the files that one person uploaded; only that person may read them."""

    def __init__(self, root: Path, person_id: str) -> None:
        """Take the folder of all uploads and the uploader's object id."""
        if not person_id or PurePath(person_id).name != person_id or person_id.startswith("."):
            raise OutsideSource(f"'{person_id}' is not the id of a person.")
        self._folder = root / person_id
        self._person_id = person_id

    def put(self, name: str, content: bytes) -> str:
        """Keep a file, in place of an earlier one of that name, and return its path here; raises UploadRefused."""
        plain = PurePath(name.replace("\\", "/")).name.strip()
        if not plain or plain.startswith((".", "~$")) or "\0" in plain or len(plain.encode()) > MAX_NAME:
            raise UploadRefused(f"'{name}' can't be taken: that is not a name for a document.")
        if problem := objection(plain, len(content)):
            raise UploadRefused(f"'{plain}' can't be taken. {problem}")
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / f".{plain}.part"
        fresh.write_bytes(content)
        fresh.replace(self._folder / plain)
        return plain

    def begin(self) -> None:
        """Make the folder, empty, for somebody who has none yet."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def files(self) -> Iterator[SourceFile]:
        """Yield every file, ordered by path; raises SourceMissing where the folder can't be listed, or isn't there."""
        try:
            found = [(path, path.stat()) for path in sorted(self._folder.iterdir()) if _is_upload(path)]
        except OSError as error:  # what can't be listed would count as deleted
            raise SourceMissing(
                say(
                    "The folder of these uploads can't be listed: {reason}. Nothing of it was changed; the next sync "
                    "tries again.",
                    reason=error.strerror,
                )
            ) from error
        for path, status in found:
            yield SourceFile(
                path=path.name,
                title=path.stem.replace("_", " ").replace("-", " ").strip().capitalize(),
                url="",
                size=status.st_size,
                modified_at=datetime.fromtimestamp(status.st_mtime, tz=UTC),
                readers=(self._person_id,),
            )

    def open(self, path: str) -> Path:
        """Return where a file lies."""
        target = self._folder / path
        if PurePath(path).name != path or path.startswith(".") or target.is_symlink() or not target.is_file():
            raise OutsideSource(f"'{path}' is not among the uploads.")
        return target

    def is_as_listed(self, file: SourceFile) -> bool:  # noqa: ARG002 - its signature is the protocol's
        """Say yes: whatever it is by now, one person alone may read it."""
        return True

    def erase(self, path: str) -> None:
        """Delete an upload."""
        with suppress(OutsideSource):
            self.open(path).unlink()


def _is_upload(path: Path) -> bool:
    return not path.name.startswith(".") and not path.is_symlink() and path.is_file()
