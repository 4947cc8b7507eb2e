"""Attune's registration as an application in Microsoft Entra: who it is there, and where Microsoft 365 answers."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


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
