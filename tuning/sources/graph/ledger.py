"""What a crawl of a library knows, kept in one file so that the next one asks for changes only."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError


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

    @staticmethod
    def read(path: Path) -> "Ledger | None":
        """Return what was kept; None if there is nothing, or nothing that can be understood."""
        try:
            return Ledger.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, path: Path) -> None:
        """Keep it, from one moment to the next."""
        fresh = path.with_suffix(".new")
        fresh.write_text(self.model_dump_json())
        fresh.replace(path)

    def forget(self) -> None:
        """Begin again, when Graph doesn't know the link any more; nothing old stays readable."""
        self.link, self.items = "", {}

    def erase(self, item: Item) -> None:
        """Forget an item for good."""
        self.items.pop(item.id)
        self.erased.add(item.id)

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
