"""What a crawl of a library knows, kept in one file so that the next one asks for changes only."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tuning.sources.graph.grants import MEANING

_ERASED = "erased"
"""A file beside the ledger with an id per line. It only grows, so that no crawl overwrites what others add."""


def erased_in(folder: Path) -> frozenset[str]:
    """Return the ids of the files that were erased for good in the library whose copy lies in a folder."""
    try:
        return frozenset((folder / _ERASED).read_text().splitlines())
    except FileNotFoundError:
        return frozenset()


class Item(BaseModel):
    """A file or folder of the library."""

    id: str
    parent: str = ""
    name: str = ""
    is_folder: bool = False
    size: int = 0
    modified_at: datetime | None = None
    version: str = ""
    """Changes with the content."""
    url: str = ""
    grants: list[str] = []
    """Who may read it, as `tuning.sources.graph.grants` words it."""
    checked_at: datetime | None = None
    """When its grants were read; None: they are not known, or not any more."""
    label: str = ""
    """Its sensitivity label's name."""
    labelled: str = ""
    """The version that the label was read of."""
    is_new_here: bool = False
    """Of a folder: it is new or was moved, and the access lists of what lies below were not read since."""


class Ledger(BaseModel):
    """All of a library, and the link that asks for what has changed since."""

    drive: str
    folder: str
    """The item that the source begins at; a file, if that alone is the source."""
    root: str = ""
    link: str = ""
    """Where to go on: the next page while one is open, else the changes from here on."""
    items: dict[str, Item] = {}
    erased: set[str] = set()
    """Ids of files that are not to come back."""
    meaning: int = 0
    """What the grants were read by, see `tuning.sources.graph.grants`."""

    @staticmethod
    def read(path: Path) -> "Ledger | None":
        """Return what was kept; None if there is nothing, or nothing that can be understood."""
        try:
            ledger = Ledger.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        ledger._leave_out_erased(path)  # noqa: SLF001 - it is this class's own
        if ledger.meaning != MEANING:
            for item in ledger.items.values():
                item.grants, item.checked_at = [], None
        return ledger

    def write(self, path: Path) -> None:
        """Keep it, from one moment to the next, without what was erased by others meanwhile."""
        self._leave_out_erased(path)
        self.meaning = MEANING
        fresh = path.with_suffix(".new")
        fresh.write_text(self.model_dump_json())
        fresh.replace(path)

    def forget(self) -> None:
        """Begin again, when Graph doesn't know the link any more; nothing old stays readable."""
        self.link, self.items = "", {}

    def erase(self, item: Item, path: Path) -> None:
        """Forget an item for good, here and in the ledger of a crawl that is under way."""
        with (path.parent / _ERASED).open("a") as file:
            file.write(f"{item.id}\n")
        self.write(path)

    def is_erased(self, item: Item, path: Path) -> bool:
        """Return whether an item was erased, be it a moment ago by others."""
        self._leave_out_erased(path)
        return item.id in self.erased

    def _leave_out_erased(self, path: Path) -> None:
        self.erased |= erased_in(path.parent)
        for key in self.erased:
            self.items.pop(key, None)

    def above(self, item: Item) -> list[Item] | None:
        """Return an item and its folders up to the library's root; None if one is missing."""
        found = [item]
        while found[-1].id != self.root:
            folder = self.items.get(found[-1].parent)
            if folder is None or folder in found:
                return None
            found.append(folder)
        return found

    def path_of(self, item: Item) -> str | None:
        """Return an item's path below the source's folder, its name if it is the source; None for what is not in it."""
        names: list[str] = []
        for one in self.above(item) or ():
            if one.id == self.folder:
                return "/".join(reversed(names)) or one.name
            names.append(one.name)
        return None

    def files(self) -> Iterator[tuple[str, Item]]:
        """Yield the source's files, ordered by path."""
        found = [
            (path, item)
            for item in self.items.values()
            if not item.is_folder and (path := self.path_of(item)) is not None
        ]
        yield from sorted(found, key=lambda one: one[0])

    def folders(self) -> list[Item]:
        """Return the folders whose grants bear on the source: those that it lies in, and those in it."""
        start = self.items.get(self.folder)
        outer = {item.id for item in (self.above(start) or ())} if start else set()
        return [
            item
            for item in self.items.values()
            if item.is_folder and (item.id in outer or self.path_of(item) is not None)
        ]
