"""Files that a person links to and that no sync has read: read as that person, from the tenant's SharePoint."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tuning.documents.extraction import Extractor
from tuning.documents.picking import named_places
from tuning.governance.tenant import Tenant
from tuning.sources.formats import suffix

if TYPE_CHECKING:
    from tuning.sources.graph.client import Graph
    from tuning.sources.graph.delegation import Delegations

TIMEOUT_S = 20.0


@dataclass(frozen=True, kw_only=True)
class SharedFile:
    """A file that was read for a person; nothing is learned from it."""

    name: str
    text: str
    word: bytes
    """The Word file that it is; empty for other kinds."""


def read(tenant: Tenant, delegations: "Delegations", person_id: str, link: str) -> SharedFile | None:
    """Return the file that a link leads to, as a person; None if it leads to none that they may read here.

    Raises NotDelegated, Microsoft365Refused, SharedFileRefused and Unreadable.
    """
    from tuning.sources.graph.shares import fetch  # noqa: PLC0415 - Microsoft's packages load slowly

    graph = delegations.graph(person_id)
    if not _is_ours(tenant, graph, link):
        return None
    with tempfile.TemporaryDirectory(prefix="attune-") as folder:
        path = graph.answer(fetch(graph, link, Path(folder)), timeout_s=TIMEOUT_S)
        if path is None:
            return None
        with Extractor() as extractor:
            text = extractor.extract(path).strip()
        return SharedFile(name=path.name, text=text, word=path.read_bytes() if suffix(path.name) == ".docx" else b"")


def _is_ours(tenant: Tenant, graph: "Graph", link: str) -> bool:
    """Say whether a link leads to SharePoint or OneDrive of the tenant: what admins have named, or the person's own."""
    from tuning.sources.graph.shares import own_drive  # noqa: PLC0415 - Microsoft's packages load slowly

    try:
        parts = urlsplit(link)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or port is not None or "@" in parts.netloc:
        return False
    names = {_name(place.host) for place in named_places(tenant)}
    if _name(host) in names:
        return True
    own = urlsplit(graph.answer(own_drive(graph), timeout_s=TIMEOUT_S)).hostname or ""
    return bool(own) and _name(host) == _name(own.lower())


def _name(host: str) -> str:
    """Return what the hosts of SharePoint and OneDrive of one tenant have in common."""
    first, dot, rest = host.partition(".")
    return f"{first.removesuffix('-my')}{dot}{rest}"
