"""A library, folder or file in SharePoint as a source: crawled once, then asked for changes only."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph.generated.models.drive import Drive
from msgraph.generated.models.drive_item import DriveItem
from msgraph.generated.models.folder import Folder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tuning.domain.fields import now
from tuning.domain.registration import AppRegistration
from tuning.languages import mark, say
from tuning.sources.errors import LinkRefused, Microsoft365Refused, OutsideSource, SourceGone, SourceMissing
from tuning.sources.formats import MAX_BYTES, objection, suffix
from tuning.sources.graph.client import BATCH, Graph
from tuning.sources.graph.grants import Resource, grants
from tuning.sources.graph.labels import read_labels
from tuning.sources.graph.ledger import Item, Ledger
from tuning.sources.graph.links import Place, place_of
from tuning.sources.graph.roster import Roster
from tuning.sources.reader import GRANTS_AGE, SourceFile

_AT_ONCE = 8
_BATCHES_BETWEEN_SAVES = 25
_PREFER = "hierarchicalsharing, deltashowremovedasdeleted, deltatraversepermissiongaps, deltashowsharingchanges"
_NOT_FOUND, _GONE = 404, 410
_UNKNOWN = mark("Its access list could not be read from SharePoint, so nobody may read it; the next sync tries again.")
_UNKNOWN_GROUPS = mark(
    "It is shared through groups of SharePoint whose members could not be read, so nobody may read it; "
    "`attune doctor` says what is missing."
)


class LibraryReader:
    """`SourceReader` over a SharePoint library or a folder of one; listing it brings its copy here in step.

    The copy holds the content of files that text can be taken from, at most 20 MiB each, and what is known of all:
    it lies in one folder, is what `open` reads, and loses what leaves the library. An item that moved is at its new
    path with the content that is here already.
    """

    def __init__(self, folder: Path, location: str, registration: AppRegistration | None) -> None:
        """Take the copy's folder, the link to the library, and how to sign in: None, if only to open what is there."""
        self._folder = folder
        self._place = place_of(location)
        self._registration = registration
        self._ledger_path = folder / "ledger.json"
        self._contents = folder / "content"
        self._ledger: Ledger | None = None
        self._files: dict[str, Item] | None = None

    def files(self) -> Iterator[SourceFile]:
        """Yield every file, ordered by path; raises SourceMissing, SourceGone, Microsoft365Refused and LinkRefused."""
        if self._registration is None:
            raise Microsoft365Refused(say("Microsoft 365 is not set up: see docs/microsoft365.md."))
        self._contents.mkdir(parents=True, exist_ok=True)
        with Graph(self._registration) as graph:
            readers = graph.run(self._crawl(graph))
        ledger = self._known()
        for path, item in ledger.files():
            may_read, problem = readers[item.id]
            yield SourceFile(
                path=path,
                title=Path(item.name).stem.replace("_", " ").replace("-", " ").strip().capitalize(),
                url=item.url,
                size=item.size,
                modified_at=item.modified_at or now(),
                readers=may_read,
                label=item.label,
                problem=problem,
            )

    def open(self, path: str) -> Path:
        """Return where a file's content lies."""
        if self._files is None:
            self._files = dict(self._known().files())
        if path not in self._files:
            raise OutsideSource(f"'{path}' is not a file of the source '{self._place.address}'.")
        return self._content(self._files[path])

    def is_as_listed(self, file: SourceFile) -> bool:  # noqa: ARG002 - its signature is the protocol's
        """Say yes: what `open` reads came before the access lists."""
        return True

    def erase(self, path: str) -> None:
        """Delete a file's content and its place in the copy; whatever becomes of it in the library, it stays out."""
        ledger = Ledger.read(self._ledger_path)
        item = next((item for here, item in ledger.files() if here == path), None) if ledger else None
        if ledger is None or item is None:
            return
        ledger.erase(item, self._ledger_path)
        # A crawl that is under way may have fetched another version; what goes with it by chance is fetched again.
        for content in self._contents.glob(f"{_safe(item.id)}-*"):
            content.unlink(missing_ok=True)
        self._ledger, self._files = ledger, None

    def _known(self) -> Ledger:
        self._ledger = self._ledger or Ledger.read(self._ledger_path)
        if self._ledger is None:
            raise OutsideSource(f"The source '{self._place.address}' was not synced yet.")
        return self._ledger

    def _content(self, item: Item) -> Path:
        # Ids and versions are Microsoft's words, with any characters.
        return self._contents / f"{_safe(item.id)}-{_safe(item.version)}{suffix(item.name)}"

    def _drop_erased(self, ledger: Ledger, item: Item) -> bool:
        """Delete a file's content if the file was erased, be it a moment ago; return whether it was."""
        is_erased = ledger.is_erased(item, self._ledger_path)
        if is_erased:
            self._content(item).unlink(missing_ok=True)
        return is_erased

    async def _crawl(self, graph: Graph) -> dict[str, tuple[tuple[str, ...], str]]:
        """Bring ledger and contents in step; return every file's readers and what is wrong with them."""
        ledger = await self._listed(graph)
        self._ledger, self._files = ledger, None
        # Contents come first: what somebody puts in and closes meanwhile must not go by an older access list.
        await self._fetch(graph, ledger)
        await self._check(graph, ledger)
        await read_labels(graph, ledger)
        ledger.write(self._ledger_path)
        roster = Roster(graph, self._place)
        readers: dict[str, tuple[tuple[str, ...], str]] = {}
        for _, item in ledger.files():
            if item.checked_at is None or item.checked_at + GRANTS_AGE < now():
                readers[item.id] = ((), _UNKNOWN)
                continue
            may_read, is_whole = await roster.resolve(item.grants)
            readers[item.id] = (may_read, "" if may_read or is_whole else _UNKNOWN_GROUPS)
        return readers

    async def _listed(self, graph: Graph) -> Ledger:
        """Return what the library holds by now; begun anew, if another one is at the address than before."""
        known = Ledger.read(self._ledger_path)
        if known is not None and await self._list(graph, known):
            return known
        try:
            drive, folder, root = await find(graph, self._place)
        except Microsoft365Refused:
            raise
        except SourceMissing as refusal:
            if known is None:
                raise
            for content in self._contents.iterdir():
                content.unlink()
            raise SourceGone(
                say("The folder {address} is not there any more. Choose another source.", address=self._place.address)
            ) from refusal
        is_the_same = known is not None and (drive, folder) == (known.drive, known.folder)
        ledger = Ledger(drive=drive, folder=folder, root=root, erased=known.erased if known else set())
        if is_the_same or not await self._list(graph, ledger):  # Microsoft 365 says both that it is there and is not
            raise SourceMissing(_nothing(self._place))
        return ledger

    async def _list(self, graph: Graph, ledger: Ledger) -> bool:
        """Take over every page of changes; what was taken over is kept, should the next page never come.

        Return whether the library that was listed before, and the source's folder in it, are still there.
        """
        while True:
            try:
                page = await _page(graph, ledger)
            except ODataError as error:
                if error.response_status_code == _GONE and ledger.link:
                    ledger.forget()
                    continue
                if error.response_status_code == _NOT_FOUND and ledger.link:
                    return False
                raise refused(error, self._place) from error
            for one in page.get("value", ()):
                _take_over(ledger, one)
            next_page, changes = page.get("@odata.nextLink"), page.get("@odata.deltaLink")
            if not (next_page or changes):
                raise Microsoft365Refused(say("Microsoft 365 sent a page of changes without an end; try again later."))
            ledger.link = str(next_page or changes)
            ledger.write(self._ledger_path)
            if not next_page:
                return ledger.folder in ledger.items

    async def _check(self, graph: Graph, ledger: Ledger) -> None:
        """Read the access lists that are not known: of folders first, as a change there changes everything below."""
        folders = ledger.folders()
        before = {item.id: None if item.is_new_here else item.grants for item in folders}
        # Nothing is kept before what lies below a changed folder is marked, or a crash would leave old lists in force.
        await self._read_grants(graph, ledger, [item for item in folders if item.checked_at is None], every=0)
        changed = {item.id for item in folders if item.checked_at is None or item.grants != before[item.id]}
        for item in ledger.items.values():
            if changed.intersection(folder.id for folder in (ledger.above(item) or ())[1:]):
                item.checked_at = None
        for item in folders:
            item.is_new_here = False
        ledger.write(self._ledger_path)
        soon = now() - GRANTS_AGE / 2
        wanted = [*ledger.folders(), *(item for _, item in ledger.files())]
        await self._read_grants(graph, ledger, [it for it in wanted if it.checked_at is None or it.checked_at < soon])

    async def _read_grants(
        self, graph: Graph, ledger: Ledger, items: list[Item], *, every: int = _BATCHES_BETWEEN_SAVES
    ) -> None:
        """Read the grants of items; keep the ledger after every so many batches, never for 0."""
        batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
        done = 0

        async def read(batch: list[Item]) -> None:
            nonlocal done
            at = now()
            for item in batch:
                item.checked_at = None
            found = await graph.permissions(ledger.drive, [item.id for item in batch])
            for item in batch:
                answer = found.get(item.id)
                if answer is not None and "@odata.nextLink" not in answer:
                    item.grants = grants(answer.get("value", ()), tenant_id=graph.registration.tenant_id, at=at)
                    item.checked_at = at
            done += 1
            if every and done % every == 0:
                ledger.write(self._ledger_path)

        await _all(read, batches)
        if every:
            ledger.write(self._ledger_path)

    async def _fetch(self, graph: Graph, ledger: Ledger) -> None:
        """Bring the contents that are not here yet, and remove those that nobody lists.

        What is known of who may read a file, and its label, is not of the content that comes now.
        """
        listed = {self._content(item): item for path, item in ledger.files() if not objection(path, item.size)}
        present = set(self._contents.iterdir())
        for path in present - listed.keys():
            path.unlink()

        wanted = [path for path in listed if path not in present]
        cut = 0

        async def fetch(path: Path, address: str) -> None:
            nonlocal cut
            if self._drop_erased(ledger, listed[path]):
                return
            try:
                if await graph.download(address, path, MAX_BYTES):
                    listed[path].checked_at, listed[path].labelled = None, ""
                cut = 0
                self._drop_erased(ledger, listed[path])
            except Microsoft365Refused:
                cut += 1
                if cut == _AT_ONCE:  # not one file alone
                    raise

        async def fetch_batch(paths: list[Path]) -> None:
            addresses = await graph.contents(ledger.drive, [listed[path].id for path in paths])
            # A file whose address is refused is left out; opening it will say so.
            there = [(path, addresses[listed[path].id]) for path in paths if listed[path].id in addresses]
            await _all(lambda found: fetch(*found), there)

        # Two batches at once, so that files go on coming while addresses are asked for.
        await _all(fetch_batch, [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)], at_once=2)


async def find(graph: Graph, place: Place) -> tuple[str, str, str]:
    """Return the ids of a place's library, of the folder or file there, and of the library's root; see `refused`.

    Raises SourceMissing for a file that can't be read, too.
    """
    drive_id, item, root_id = await locate(graph, place)
    if problem := objection_to(item, place):
        raise SourceMissing(problem)
    return drive_id, item.id or "", root_id


async def locate(graph: Graph, place: Place) -> tuple[str, DriveItem, str]:
    """Return the id of a place's library, what lies there, and the id of the library's root; see `refused`."""
    try:
        # Written out, because the builders would encode the colons that mark a path.
        by_path = f"{graph.registration.graph_url}/sites/{place.host}" + (f":{quote(place.site)}" if place.site else "")
        site = await graph.ask(graph.sdk.sites.by_site_id(place.host).with_url(by_path).get)
        site_id = site.id if site else None
        if site_id is None:
            raise SourceMissing(_no_site(place))
        listed = await graph.ask(graph.sdk.sites.by_site_id(site_id).drives.get)
        drive, below = _library(place, listed.value or [] if listed else [])
        drive_id = drive.id or ""
        root = await graph.ask(graph.sdk.drives.by_drive_id(drive_id).items.by_drive_item_id("root").get)
        root_id = (root.id if root else None) or ""
        if not below:
            return drive_id, DriveItem(id=root_id, folder=Folder()), root_id
        by_path = f"{graph.registration.graph_url}/drives/{drive_id}/root:/{quote(below)}:"
        item = await graph.ask(
            graph.sdk.drives.by_drive_id(drive_id).items.by_drive_item_id("root").with_url(by_path).get
        )
    except ODataError as error:
        raise refused(error, place) from error
    if item is None or item.id is None:
        raise SourceMissing(_nothing(place))
    return drive_id, item, root_id


def objection_to(item: DriveItem, place: Place) -> str:
    """Return why what lies at a place can't be a source, as a sentence; empty if it can."""
    problem = "" if item.folder else objection(item.name or "", item.size or 0)
    return say("{address} can't be a source. {problem}", address=place.address, problem=problem) if problem else ""


def refused(error: ODataError, place: Place) -> SourceMissing | LinkRefused:
    """Return the sentence for what Graph answered about a place."""
    said = (error.error.message if error.error else "") or ""
    match error.response_status_code:
        case 400 if "tenancy" in said.lower():
            return LinkRefused(
                say("{host} belongs to another organisation. Choose a site of your own.", host=place.host)
            )
        case 401 | 403:
            return Microsoft365Refused(
                say(
                    "Attune may not read the site {site}: have an admin consent to Sites.Selected and grant it that "
                    "site, as docs/microsoft365.md describes.",
                    site=f"{place.host}{place.site}",
                )
            )
        case 404:
            return SourceMissing(_nothing(place))
        case 429 | 503 | 504:
            return Microsoft365Refused(
                say("Microsoft 365 is too busy for now; the next sync goes on where this one stopped.")
            )
        case status:
            return Microsoft365Refused(
                say(
                    "Microsoft 365 answered with an error ({status}): {reason}.",
                    status=status,
                    reason=said or say("without a reason"),
                )
            )


def _library(place: Place, drives: list[Drive]) -> tuple[Drive, str]:
    """Return the library that a place's path begins with, and the rest of the path."""
    if not place.path:
        named = [drive for drive in drives if drive.name == "Documents"] or drives
        if not named:
            raise SourceMissing(say("The site {address} has no library. Choose another source.", address=place.address))
        return named[0], ""
    wanted = place.address.lower()
    for drive in drives:
        address = place_of(drive.web_url or "").address
        if wanted == address.lower() or wanted.startswith(address.lower() + "/"):
            return drive, place.address[len(address) + 1 :]
    raise SourceMissing(
        say("There is no library at {address}. Check the address, or choose another source.", address=place.address)
    )


def _nothing(place: Place) -> str:
    return say("There is nothing at {address}. Check the address, or choose another source.", address=place.address)


def _no_site(place: Place) -> str:
    return say("There is no site at {address}. Check the address, or choose another source.", address=place.address)


async def _page(graph: Graph, ledger: Ledger) -> dict[str, Any]:
    root = graph.sdk.drives.by_drive_id(ledger.drive).items.by_drive_item_id("root").delta
    headers = HeadersCollection()
    headers.add("Prefer", _PREFER)
    configuration: RequestConfiguration[Any] = RequestConfiguration(headers=headers)
    question = root.with_url(ledger.link) if ledger.link else root
    return await graph.plain(question.to_get_request_information(configuration))


def _take_over(ledger: Ledger, told: Resource) -> None:
    """Let the ledger say of one item what Graph says; its grants are unknown until they are read again."""
    key = str(told["id"])
    if key in ledger.erased:
        return
    if "deleted" in told:
        ledger.items.pop(key, None)
        return
    known = ledger.items.get(key)
    parent, name = str((told.get("parentReference") or {}).get("id") or ""), str(told.get("name") or "")
    is_moved = known is None or (known.parent, known.name) != (parent, name)
    is_folder = any(facet in told for facet in ("folder", "root", "package"))
    ledger.items[key] = Item(
        id=key,
        parent=parent,
        name=name,
        is_folder=is_folder,
        size=told.get("size") or 0,
        modified_at=told.get("lastModifiedDateTime"),
        version=told.get("cTag") or told.get("eTag") or "",
        url=told.get("webUrl") or "",
        grants=known.grants if known and not is_moved else [],
        label=known.label if known else "",
        labelled=known.labelled if known else "",
        is_new_here=is_folder and (is_moved or (known is not None and known.is_new_here)),
    )
    if "root" in told:
        ledger.root = key


async def _all(work: Callable[[Any], Awaitable[None]], things: Iterable[Any], *, at_once: int = _AT_ONCE) -> None:
    """Do the work for every thing, a few at once; the first error ends it."""
    places = asyncio.Semaphore(at_once)

    async def one(thing: Any) -> None:
        async with places:
            await work(thing)

    try:
        async with asyncio.TaskGroup() as group:
            for thing in things:
                group.create_task(one(thing))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


def _safe(text: str) -> str:
    return quote(text, safe="").replace("%", "_").replace(".", "_")
