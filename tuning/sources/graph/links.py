"""What a link to SharePoint means, without asking anybody: nothing that a person pastes is ever fetched."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from tuning.languages import say
from tuning.sources.errors import LinkRefused

_DOMAINS = (".sharepoint.com", ".sharepoint.us", ".sharepoint-mil.us", ".sharepoint.cn")
_MANAGED = frozenset({"sites", "teams", "personal"})
"""The parts of a host below which sites lie; everything else belongs to its root site."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A site, and maybe a folder in one of its libraries."""

    host: str
    site: str
    """The site's path, such as '/sites/people'; empty for the host's root site."""
    path: str
    """The path of library and folder below the site, decoded, such as 'Shared Documents/Policies'; may be empty."""

    @property
    def address(self) -> str:
        """The one way to write it."""
        return f"https://{self.host}{self.site}" + (f"/{self.path}" if self.path else "")


def place_of(link: str) -> Place:
    """Return what a link from the browser's address bar points to; raises LinkRefused."""
    try:
        parts = urlsplit(link.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if (
        parts.scheme != "https"
        or port is not None
        or "@" in parts.netloc
        or not any(host.endswith(domain) and host.count(".") == domain.count(".") for domain in _DOMAINS)
    ):
        raise LinkRefused(
            say(
                "That is not an address of SharePoint: it has to begin with https:// and a name that ends in "
                "sharepoint.com. Open the folder in the browser and copy its address."
            )
        )
    path = unquote(parts.path)
    if path.startswith("/:"):
        raise LinkRefused(
            say("That is a sharing link. Open it in the browser and copy the address that you end up at.")
        )
    query = parse_qs(parts.query)
    for key in ("id", "RootFolder"):
        if key in query:
            path = query[key][0]
    if "/Forms/" in path and path.endswith(".aspx"):
        path = path.split("/Forms/")[0]
    return _place(host, [name for name in path.split("/") if name])


def _place(host: str, names: list[str]) -> Place:
    if any(name in {".", ".."} for name in names):
        raise LinkRefused(
            say("That address has a path that leads out of itself. Copy it from the browser's address bar.")
        )
    if names and names[0].lower() in _MANAGED:
        if len(names) == 1:
            raise LinkRefused(say("That address names no site. Open the folder in the browser and copy its address."))
        site, rest = "/" + "/".join(names[:2]), names[2:]
    else:
        site, rest = "", names
    if rest and (rest[0].lower() in {"sitepages", "_layouts"} or rest[0].lower().endswith(".aspx")):
        rest = []
    return Place(host=host, site=site, path="/".join(rest))
