"""What a link leads to, as the person who may open it: a sharing link, or the address of a file in SharePoint.

The link itself is never fetched: Graph is asked what it stands for.
"""

import base64
from pathlib import Path, PurePosixPath
from typing import Any

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tuning.sources.errors import SharedFileRefused
from tuning.sources.formats import MAX_BYTES, objection
from tuning.sources.graph.client import Graph

_SELECT = "$select=id,name,size,file,webUrl,content.downloadUrl"
_NOTHING = frozenset({400, 401, 403, 404, 410})


def sharing_token(link: str) -> str:
    """Return a link as Graph takes it."""
    return "u!" + base64.urlsafe_b64encode(link.encode()).decode().rstrip("=")


async def own_drive(graph: Graph) -> str:
    """Return the address of the person's OneDrive; empty if they have none."""
    try:
        return str((await _get(graph, "/me/drive?$select=webUrl")).get("webUrl") or "")
    except ODataError as error:
        if error.response_status_code not in _NOTHING:
            raise
        return ""


async def fetch(graph: Graph, link: str, folder: Path) -> Path | None:
    """Put what a link leads to into a folder; None if that is no file that the person may read.

    Raises SharedFileRefused for a file that nobody reads here, ODataError and Microsoft365Refused.
    """
    try:
        told = await _get(graph, f"/shares/{sharing_token(link)}/driveItem?{_SELECT}")
    except ODataError as error:
        if error.response_status_code not in _NOTHING:
            raise
        return None
    name, address = PurePosixPath(str(told.get("name") or "")).name, str(told.get("@microsoft.graph.downloadUrl") or "")
    if "file" not in told or not name or not address.startswith("https://"):
        return None
    if problem := objection(name, int(told.get("size") or 0)):
        raise SharedFileRefused(name, problem)
    target = folder / name
    return target if await graph.download(address, target, MAX_BYTES) else None


async def _get(graph: Graph, path: str) -> dict[str, Any]:
    question = RequestInformation(Method.GET)
    question.url = f"{graph.registration.graph_url}{path}"
    question.headers.try_add("Accept", "application/json")
    return await graph.plain(question)
