"""Looking around in SharePoint for something to learn from: sites, their libraries, folders and files.

Shown is only what a person may read, by the same access lists that a sync reads; unknown means no.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tuning.domain.fields import now
from tuning.languages import say
from tuning.sources.errors import LinkRefused, Microsoft365Refused, SourceMissing
from tuning.sources.formats import objection
from tuning.sources.graph.client import BATCH, Graph
from tuning.sources.graph.grants import grants
from tuning.sources.graph.library import locate, objection_to, refused
from tuning.sources.graph.links import Place, place_of
from tuning.sources.graph.roster import Roster

MOST = 20
"""Results that are shown; of what was found, only so much is asked who may read it."""
_SITE, _ITEM = "site", "item"
_FIELDS = "$select=id,name,size,folder,file,root,webUrl,parentReference"
_REFUSED = frozenset({400, 403, 404})


class SpotKind(StrEnum):
    """What can be found."""

    SITE = "site"
    LIBRARY = "library"
    FOLDER = "folder"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Something in SharePoint to look into or to learn from."""

    kind: SpotKind
    key: str
    """How Graph names it, as a button carries it: 'site|<id>' or 'item|<drive>|<item>'."""
    name: str
    place: Place


class Browser:
    """What one person may see of SharePoint through Attune's own eyes: the sites that it was granted."""

    def __init__(self, graph: Graph, principals: Collection[str], known: Sequence[Place]) -> None:
        """Take the connection, what the person is for access lists, and the places that admins have named."""
        self._graph = graph
        self._principals = frozenset(principals)
        self._known = known

    async def search(self, text: str) -> list[Spot]:
        """Return sites by their name, the known ones without a text; then libraries, folders and files in known ones.

        Graph searches all sites only for who may read them all; for who was granted some, those that are known are
        looked through.
        """
        sites = await self._sites(text)
        found = [site for site in sites if await self._libraries(site)]
        if text:
            for site in {site.key: site for site in await self._sites("")}.values():
                for library in await self._libraries(site):
                    found += [library] if text.casefold() in library.name.casefold() else []
                    found += await self._within(library, text)
                if len(found) >= MOST:
                    break
        return found[:MOST]

    async def inside(self, key: str, text: str = "") -> list[Spot]:
        """Return what lies in a site, library or folder, or what fits a text anywhere below; raises SourceMissing."""
        spot = await self.spot(key)
        if spot.kind is SpotKind.FILE:
            return [spot]
        if spot.kind is SpotKind.SITE:
            libraries = await self._libraries(spot)
            return [one for one in libraries if text.casefold() in one.name.casefold()]
        return await self._within(spot, text)

    async def at(self, place: Place) -> Spot:
        """Return what an address names; raises SourceMissing, Microsoft365Refused and LinkRefused.

        Whether there is nothing or the person may not read it, the sentence is the same, or guesses would be answered.
        """
        try:
            if not place.path:
                site = await self._site(f"{place.host}" + (f":{quote(place.site)}" if place.site else ""), place)
                return await self.spot(site.key)
            drive_id, item, _ = await locate(self._graph, place)
            spot = await self.spot(f"{_ITEM}|{drive_id}|{item.id}")
        except Microsoft365Refused:
            raise
        except SourceMissing as missing:
            raise _nothing(place) from missing
        if problem := objection_to(item, place):
            raise SourceMissing(problem)
        return spot

    async def spot(self, key: str) -> Spot:
        """Return what a key names, if the person may read it; raises SourceMissing if not."""
        kind, _, rest = key.partition("|")
        drive_id, _, item_id = rest.partition("|")
        try:
            if kind == _SITE and rest:
                site = await self._site(rest, None)
                if await self._libraries(site):
                    return site
            elif kind == _ITEM and drive_id and item_id:
                drive = await self._get(f"/drives/{quote(drive_id)}?$select=id,name,webUrl")
                item = await self._get(f"/drives/{quote(drive_id)}/items/{quote(item_id)}?{_FIELDS}")
                if found := await self._readable([_spot(drive, item)]):
                    return found[0]
        except ODataError as error:
            if error.response_status_code not in _REFUSED:
                raise
        raise SourceMissing(say("That is not there, or you may not read it. Choose something else."))

    async def libraries(self, spot: Spot) -> list[Spot]:
        """Return a site's libraries that the person may read; anything else as it is."""
        return await self._libraries(spot) if spot.kind is SpotKind.SITE else [spot]

    async def _sites(self, text: str) -> list[Spot]:
        if text:
            try:
                told = (await self._get(f"/sites?search={quote(text, safe='')}")).get("value", ())
                return [_site_spot(one) for one in told if _is_place(one)][:MOST]
            except ODataError as error:
                if error.response_status_code not in _REFUSED:
                    raise
        found = []
        for place in {(one.host, one.site): one for one in self._known}.values():
            try:
                site = await self._site(place.host + (f":{quote(place.site)}" if place.site else ""), place)
            except (SourceMissing, LinkRefused):
                continue
            if text.casefold() in f"{site.name}\n{place.site}".casefold():
                found.append(site)
        return found

    async def _site(self, name: str, place: Place | None) -> Spot:
        try:
            return _site_spot(await self._get(f"/sites/{name}"))
        except ODataError as error:
            if place is None:
                raise
            raise refused(error, place) from error

    async def _libraries(self, site: Spot) -> list[Spot]:
        """Return those of a site's libraries whose root the person may read; none where Attune may not look."""
        site_id = site.key.partition("|")[2]
        try:
            drives = (await self._get(f"/sites/{quote(site_id, safe=',')}/drives?$select=id,name,webUrl"))["value"]
            roots = [
                _spot(drive, await self._get(f"/drives/{quote(str(drive['id']))}/root?{_FIELDS}")) for drive in drives
            ]
        except ODataError as error:
            if error.response_status_code not in _REFUSED:
                raise
            return []
        return await self._readable(roots)

    async def _within(self, spot: Spot, text: str) -> list[Spot]:
        drive_id, _, item_id = spot.key.partition("|")[2].partition("|")
        drive = await self._get(f"/drives/{quote(drive_id)}?$select=id,name,webUrl")
        below = f"/drives/{quote(drive_id)}/items/{quote(item_id)}"
        try:
            how = f"/search(q='{quote(text.replace(chr(39), chr(39) * 2), safe='')}')" if text else "/children"
            told = (await self._get(f"{below}{how}?$top=200&{_FIELDS}")).get("value", ())
        except ODataError as error:
            if error.response_status_code not in _REFUSED or not text:
                raise
            told = (await self._get(f"{below}/children?$top=200&{_FIELDS}")).get("value", ())
            told = [one for one in told if text.casefold() in str(one.get("name", "")).casefold()]
        spots = [_spot(drive, one) for one in told if "folder" in one or not _problem(one)]
        return (await self._readable(spots[: 4 * MOST]))[:MOST]

    async def _readable(self, spots: Sequence[Spot]) -> list[Spot]:
        """Keep what the person may read by its access list."""
        found = []
        for start in range(0, len(spots), BATCH):
            batch = spots[start : start + BATCH]
            by_drive: dict[str, list[str]] = {}
            for one in batch:
                drive_id, _, item_id = one.key.partition("|")[2].partition("|")
                by_drive.setdefault(drive_id, []).append(item_id)
            lists = {
                f"{_ITEM}|{drive_id}|{item_id}": answer
                for drive_id, ids in by_drive.items()
                for item_id, answer in (await self._graph.permissions(drive_id, ids)).items()
            }
            found += [one for one in batch if one.key in lists and await self._may_read(one, lists[one.key])]
        return found

    async def _may_read(self, spot: Spot, answer: dict[str, Any]) -> bool:
        if "@odata.nextLink" in answer:
            return False
        who = grants(answer.get("value", ()), tenant_id=self._graph.registration.tenant_id, at=now())
        readers, _ = await Roster(self._graph, spot.place).resolve(who)
        return not self._principals.isdisjoint(readers)

    async def _get(self, path: str) -> dict[str, Any]:
        question = RequestInformation(Method.GET)
        question.url = f"{self._graph.registration.graph_url}{path}"
        question.headers.try_add("Accept", "application/json")
        return await self._graph.plain(question)


def _is_place(told: dict[str, Any]) -> bool:
    try:
        place_of(str(told.get("webUrl", "")))
    except LinkRefused:
        return False
    return True


def _problem(told: dict[str, Any]) -> str:
    return objection(str(told.get("name", "")), int(told.get("size") or 0))


def _site_spot(told: dict[str, Any]) -> Spot:
    place = place_of(str(told.get("webUrl", "")))
    name = str(told.get("displayName") or told.get("name") or place.site.rpartition("/")[2] or place.host)
    return Spot(kind=SpotKind.SITE, key=f"{_SITE}|{told['id']}", name=name, place=place)


def _spot(drive: dict[str, Any], told: dict[str, Any]) -> Spot:
    """Return an item of a library: its address is made of the library's, because an Office file's own is a viewer's."""
    if "root" in told:
        kind, below = SpotKind.LIBRARY, ""
    else:
        kind = SpotKind.FOLDER if "folder" in told else SpotKind.FILE
        above = unquote(str((told.get("parentReference") or {}).get("path") or "")).partition("root:")[2]
        below = f"{above}/{told['name']}"
    address = f"{drive['webUrl']}{quote(below)}"
    name = str(drive["name"] if kind is SpotKind.LIBRARY else told["name"])
    return Spot(kind=kind, key=f"{_ITEM}|{drive['id']}|{told['id']}", name=name, place=place_of(address))


def _nothing(place: Place) -> SourceMissing:
    return SourceMissing(
        say("There is nothing at {address} that you may read. Choose another source.", address=place.address)
    )
