"""What the bot and the program `attune` are told from outside: the backend's settings and those of the channel."""

import importlib.util
import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from tuning.domain.registration import AppRegistration
from tuning.settings import TuningSettings

SERVICE_URL_HOSTS = ("smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com")
"""Where Microsoft's Bot Connector answers for Teams."""


class Settings(TuningSettings):
    """The settings of bot and program, read once in `main()` from variables that begin with ATTUNE_."""

    host: str = Field(default="127.0.0.1", description="The address that the bot listens on.")
    port: int = Field(default=3978, ge=0, le=65535, description="The port that the bot listens on.")
    app_id: str = Field(default="", description="The bot's application id in Entra.")
    app_password: SecretStr = Field(default=SecretStr(""), description="The bot's client secret in Entra.")
    app_managed_identity: bool = Field(
        default=False,
        description="The bot signs in by the managed identity in Azure whose client id its application id is, "
        "and needs no secret.",
    )
    tenant_id: str = Field(default="", description="The organisation's tenant id in Entra; others are turned away.")
    public_url: str = Field(
        default="", description="Where Teams reaches the bot, https://...; the page of usage is a tab there."
    )
    teams_library: Path = Field(
        default=Path(".cache/teams-js"),
        description="Folder of Microsoft's library for pages in Teams; set-up puts it there.",
    )
    development: bool = Field(
        default=False,
        description="Accept unsigned requests, for the Agents Playground; only on a loopback address.",
    )
    page_key: SecretStr = Field(
        default=SecretStr(""),
        description="Opens the page of usage on this machine in development; `attune up` makes one at each start.",
    )
    service_url_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=SERVICE_URL_HOSTS, description="Hosts that replies may be sent to, separated by commas."
    )
    playground: Path = Field(
        default=Path(".cache/playground"), description="Folder of the Agents Playground; set-up puts it there."
    )
    playground_port: int = Field(
        default=56150, ge=1, le=65535, description="Port of the first person's Playground; the others' follow."
    )
    logs: Path = Field(default=Path("var/logs"), description="Folder for what each part of `attune up` prints.")

    @property
    def is_unsigned(self) -> bool:
        """Whether anybody on this machine may be whom they say they are: in development, without a registration."""
        return self.development and not self.app_id

    @property
    def for_people(self) -> AppRegistration | None:
        """The bot's registration, which acts on behalf of people; None if it doesn't."""
        if not self.sign_in or self.is_unsigned:
            return None
        return AppRegistration(
            tenant_id=self.tenant_id,
            client_id=self.app_id,
            secret=self.app_password.get_secret_value(),
            certificate=self.graph_certificate if self.graph_client_id == self.app_id else None,
            login_url=self.login_url.rstrip("/"),
            graph_url=self.graph_url.rstrip("/"),
            authorities=self.graph_authorities,
        )

    @property
    def authorise(self) -> str:
        """Where at Entra people sign in and consent to what Attune does for them; empty if it does nothing.

        What they bring back from there is of no use but to Teams: it stays in the browser, behind the #.
        """
        known = self.for_people
        if known is None:
            return ""
        wanted = {
            "client_id": known.client_id,
            "response_type": "code",
            "response_mode": "fragment",
            "redirect_uri": f"{self.public_url.rstrip('/')}/tab/signed-in",
            "scope": f"openid {known.graph_scope}",
        }
        return f"{known.login_url}/{known.tenant_id}/oauth2/v2.0/authorize?{urlencode(wanted)}"

    @property
    def resource(self) -> str:
        """What people's tokens for Attune are for, as the manifest and the registration say it."""
        return f"api://{urlsplit(self.public_url).netloc}/botid-{self.app_id}"

    @field_validator("service_url_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(host.strip() for host in value.split(",") if host.strip()) if isinstance(value, str) else value


def objections_to_serving(settings: Settings) -> list[str]:
    """Say why a bot with these settings would not be safe to start; empty means that it is."""
    if settings.development and not is_loopback(settings.host):
        return [
            f"ATTUNE_DEVELOPMENT accepts unsigned requests, so ATTUNE_HOST must be 127.0.0.1 and not {settings.host}."
        ]
    if settings.is_unsigned and settings.sign_in:
        return ["ATTUNE_SIGN_IN takes a registration, and Teams: unset it to try Attune on this machine."]
    if not settings.development:
        wanted = {
            "ATTUNE_APP_ID": settings.app_id,
            "ATTUNE_APP_PASSWORD": settings.app_managed_identity or settings.app_password.get_secret_value(),
            "ATTUNE_TENANT_ID": settings.tenant_id,
        }
        return [
            f"Set {name}, or set ATTUNE_DEVELOPMENT=1 to try Attune on this machine."
            for name, value in wanted.items()
            if not value
        ] or _objections_to_signing_in(settings)
    return []


def _objections_to_signing_in(settings: Settings) -> list[str]:
    if not settings.sign_in:
        return []
    found = []
    if settings.app_managed_identity:
        found.append(
            "ATTUNE_SIGN_IN needs the bot's own registration: a managed identity can't act on behalf of people. "
            "Set ATTUNE_APP_PASSWORD in place of ATTUNE_APP_MANAGED_IDENTITY."
        )
    if not settings.public_url.startswith("https://"):
        found.append("ATTUNE_SIGN_IN needs ATTUNE_PUBLIC_URL, https://..., where people sign in.")
    if any(importlib.util.find_spec(name) is None for name in ("msal", "msgraph")):
        found.append("ATTUNE_SIGN_IN needs Microsoft's packages: run 'make set-up'.")
    return found


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
