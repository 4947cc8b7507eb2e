"""Search in SharePoint at this moment, by Microsoft's own index, as the person who asks: Graph trims what it tells."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgraph.generated.models.entity_type import EntityType
from msgraph.generated.models.search_query import SearchQuery
from msgraph.generated.models.search_request import SearchRequest
from msgraph.generated.search.query.query_post_request_body import QueryPostRequestBody

from tuning.sources.errors import LinkRefused
from tuning.sources.graph.client import Graph
from tuning.sources.graph.links import Place, place_of

SIZE = 20
"""Hits that are asked for; files of other sources that Graph tells all the same are among them."""
_MAX_WORDS = 16
_MARKED = re.compile(r"</?c0>")
_LEFT_OUT = re.compile(r"\s*<ddd\s*/>\s*")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A file that Graph found for a person."""

    item_id: str
    """Which item it is, whatever it is called and wherever it lies."""
    name: str
    url: str
    within: Place
    """The place asked about that it lies in."""
    path: str
    """Its path below that place; its name if it is the place."""
    text: str
    """What Graph quotes of it."""
    modified_at: datetime | None


async def search(graph: Graph, words: Sequence[str], places: Collection[Place]) -> list[Hit]:
    """Return the files in some places that hold any of the words, best first; raises ODataError.

    Places must name a library at least: what a site's other libraries hold belongs to no source.
    """
    named = [place for place in places if place.path]
    if not words or not named:
        return []
    body = QueryPostRequestBody(
        requests=[
            SearchRequest(
                entity_types=[EntityType.DriveItem],
                query=SearchQuery(query_string=_kql(words, named)),
                from_=0,
                size=SIZE,
            )
        ]
    )
    answer = await graph.plain(graph.sdk.search.query.to_post_request_information(body))
    found = [hit for told in _told(answer) if (hit := _hit(told, named)) is not None]
    return list({hit.url: hit for hit in reversed(found)}.values())[::-1]


def _kql(words: Sequence[str], places: Collection[Place]) -> str:
    """Return a query in the Keyword Query Language; without OR between them, all words would have to be there."""
    wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(words[:_MAX_WORDS]))
    where = " OR ".join('path:"{}"'.format(place.address.replace('"', "")) for place in places)
    return f"({wanted}) AND ({where})"


def _told(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the hits of an answer, best first; a container without any has none at all."""
    containers = [container for one in _list(answer, "value") for container in _list(one, "hitsContainers")]
    return [hit for container in containers for hit in _list(container, "hits")]


def _list(of: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = of.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _hit(told: dict[str, Any], places: Collection[Place]) -> Hit | None:
    """Return what was told if it is a file in one of the places; its address tells, whatever the query was."""
    file, quoted = told.get("resource"), told.get("summary")
    if not isinstance(file, dict) or not isinstance(quoted, str) or "folder" in file:
        return None
    item_id, name, url = file.get("id"), file.get("name"), file.get("webUrl")
    if file.get("@odata.type") != "#microsoft.graph.driveItem" or not isinstance(name, str) or not isinstance(url, str):
        return None
    if not isinstance(item_id, str) or not item_id:  # whether it was erased here could not be told
        return None
    try:
        address = place_of(url).address
    except LinkRefused:
        return None
    text = _LEFT_OUT.sub(" … ", _MARKED.sub("", quoted)).strip(" …")
    parts = address.split("/")
    for place in places:
        top = place.address.split("/")
        # Part by part, as a name in small letters can be longer than it was: 'Maß' is 'mass'.
        if text and [part.casefold() for part in parts[: len(top)]] == [part.casefold() for part in top]:
            path = "/".join(parts[len(top) :]) or name
            modified_at = _moment(file.get("lastModifiedDateTime"))
            return Hit(item_id=item_id, name=name, url=url, within=place, path=path, text=text, modified_at=modified_at)
    return None


def _moment(said: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(said))
    except ValueError:
        return None
