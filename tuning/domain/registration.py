"""Attune's registration as an application in Microsoft Entra: who it is there, and where Microsoft 365 answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tuning.languages import mark

FOR_PEOPLE: Mapping[str, str] = {
    "Files.Read.All": mark("it finds what SharePoint holds for you at this moment, and reads what links lead to"),
    "Files.ReadWrite": mark("it puts files into your OneDrive"),
}
"""The delegated permissions of Microsoft Graph that acting for people takes, and what for."""
_AS_GOOD = {
    "Files.Read.All": frozenset({"Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"}),
    "Files.ReadWrite": frozenset({"Files.ReadWrite", "Files.ReadWrite.All", "Sites.ReadWrite.All"}),
}


def missing_for_people(permissions: Collection[str]) -> dict[str, str]:
    """Return those of the delegated permissions that were not consented to, and what for."""
    return {name: what for name, what in FOR_PEOPLE.items() if _AS_GOOD[name].isdisjoint(permissions)}


@dataclass(frozen=True, kw_only=True)
class AppRegistration:
    """What signs Attune in, as itself and not on behalf of a person."""

    tenant_id: str
    client_id: str
    secret: str = field(default="", repr=False)
    certificate: Path | None = None
    """A PEM file with the private key and the certificate; it comes before the secret."""
    managed_identity: bool = False
    """Whether a machine in Azure signs in by its managed identity: that of the client id, or its own if empty."""
    login_url: str = "https://login.microsoftonline.com"
    graph_url: str = "https://graph.microsoft.com/v1.0"
    sharepoint_url: str = "https://{host}"
    """Where a SharePoint host's own interface answers."""
    authorities: Path | None = None
    """A PEM file of the root certificates to trust instead of the well-known ones."""

    @property
    def graph_scope(self) -> str:
        """What a token for Graph is asked for: everything that was consented to."""
        parts = urlsplit(self.graph_url)
        return f"{parts.scheme}://{parts.netloc}/.default"
