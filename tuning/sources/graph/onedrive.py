"""A person's own OneDrive, as that person: files are put there, and never in the place of another."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tuning.languages import say
from tuning.sources.errors import Microsoft365Refused
from tuning.sources.graph.client import Graph

FOLDER = "Attune"
SIMPLE = 4 * 2**20
"""Bytes that are put in one request; more goes by an upload session."""
PIECE = 10 * 320 * 2**10
"""Bytes of a piece of one: a multiple of 320 KiB, as Microsoft wants it."""
_NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A file that was put there."""

    name: str
    """Another than was wished, where that was taken."""
    url: str


async def save(graph: Graph, name: str, content: bytes) -> Saved:
    """Put a file into the folder Attune, which comes about with it; raises Microsoft365Refused and ODataError."""
    try:
        told = await (_put(graph, name, content) if len(content) < SIMPLE else _by_session(graph, name, content))
    except ODataError as error:
        if error.response_status_code == _NOT_FOUND:
            raise Microsoft365Refused(
                say("You have no OneDrive yet: open OneDrive once in the browser, then try again.")
            ) from error
        raise
    return Saved(name=str(told.get("name") or name), url=str(told.get("webUrl") or ""))


async def _put(graph: Graph, name: str, content: bytes) -> dict[str, Any]:
    question = _asked(graph, Method.PUT, name, "content?@microsoft.graph.conflictBehavior=rename")
    question.set_stream_content(content, "application/octet-stream")
    return await graph.plain(question)


async def _by_session(graph: Graph, name: str, content: bytes) -> dict[str, Any]:
    question = _asked(graph, Method.POST, name, "createUploadSession")
    wish = {"item": {"@microsoft.graph.conflictBehavior": "rename", "name": name}}
    question.set_stream_content(json.dumps(wish).encode(), "application/json")
    address = str((await graph.plain(question)).get("uploadUrl") or "")
    told: dict[str, Any] | None = None
    for start in range(0, len(content), PIECE):
        told = await graph.upload(address, content[start : start + PIECE], start, len(content))
    if told is None:
        raise Microsoft365Refused(say("Microsoft 365 did not take the whole file; try again in a minute."))
    return told


def _asked(graph: Graph, method: Method, name: str, what: str) -> RequestInformation:
    question = RequestInformation(method)
    question.url = f"{graph.registration.graph_url}/me/drive/root:/{FOLDER}/{quote(name, safe='')}:/{what}"
    question.headers.try_add("Accept", "application/json")
    return question
