"""What the bot and the program `attune` are told from outside: the backend's settings and those of the channel."""

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

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
        ]
    return []


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
