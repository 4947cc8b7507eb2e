"""Web addresses that people paste: which document each names. Nothing that a person pastes is ever fetched."""

import re
from collections.abc import Collection
from urllib.parse import parse_qs, unquote, urlsplit

from sqlmodel import Session

from tuning.domain.documents import Document
from tuning.store import addresses

_ADDRESS = re.compile(r"https?://[^\s<>\"'|]+[^\s<>\"'|.,;:!?)\]]", re.IGNORECASE)
_OFFICE = re.compile(r"^/:[a-z]:/r(?=/)", re.IGNORECASE)
"""What Office puts before the path of a file that it opens."""
_WORD = re.compile(r"[a-z0-9]+", re.IGNORECASE)
_MICROSOFT = (".sharepoint.com", ".sharepoint.us", ".sharepoint-mil.us", ".sharepoint.cn")


def addresses_in(text: str) -> list[str]:
    """Return the web addresses in a text, each once."""
    return list(dict.fromkeys(_ADDRESS.findall(text)))


def is_microsofts(address: str) -> bool:
    """Say whether an address is one of SharePoint or OneDrive."""
    return _host(address).endswith(_MICROSOFT)


def document_at(session: Session, address: str, principals: Collection[str]) -> Document | None:
    """Return the document at an address, if one of the principals may read it.

    An address of SharePoint may name a file by its path, by its id, or as one of the files of a list; all the same.
    """
    wanted = _key(address)
    words = _WORD.findall(wanted[1])
    if not words:
        return None
    near = addresses.with_part(session, max(words, key=len), principals)
    return next((document for document in near if _key(document.url) == wanted), None)


def _key(address: str) -> tuple[str, str]:
    """Return what all addresses of one file have in common: its host, and its id or path."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    if file_id := query.get("sourcedoc"):
        return _host(address), file_id.strip("{}").lower()
    path = query.get("id") if parts.path.lower().endswith(".aspx") else None
    return _host(address), (path or unquote(_OFFICE.sub("", parts.path))).rstrip("/").lower()


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
