"""The package that an admin uploads to Teams: the manifest, its blanks filled in, its languages and icons, in a zip."""

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import jsonschema

ICON_SIZES = {"color": 192, "outline": 32}
"""Width and height in pixels, by the manifest's name."""
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
LEAST_VERSION = (1, 22)
"""Of the manifest: from there on agents may answer in Microsoft 365 Copilot, too."""
MAX_PROBLEMS = 5
LEFT_TO_DO = (
    "Teams admin centre > Teams apps > Manage apps > Actions > Upload new app: choose {target}.",
    "There, on the app's page: allow it for those who are to have it (permission policies, or who can install it).",
    "Teams apps > Setup policies: add Attune to the installed apps, and to the pinned ones. That may take a day.",
    "Microsoft 365 admin centre > Copilot > Agents: allow Attune, if agents are to answer in Microsoft 365 Copilot.",
    "Open Attune in Teams: it greets you. If it doesn't, docs/deploy.md says where to look.",
)
"""What an admin does with the package."""
BLANK = re.compile(r"\$\{\{(\w+)\}\}")


class Incomplete(Exception):  # noqa: N818 - names say what happened, without a suffix
    """The package can't be built; the message says what is missing."""


def fill(template: str, values: dict[str, str]) -> str:
    """Return the manifest with every ${{NAME}} replaced.

    Raises:
        Incomplete: a name has no value.
    """
    if missing := sorted(set(BLANK.findall(template)) - values.keys()):
        raise Incomplete(f"The manifest asks for {', '.join(missing)}, which nobody gave.")
    return BLANK.sub(lambda blank: values[blank[1]], template)


def objections(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what Teams has against a manifest that its schema doesn't say."""
    if tuple(int(part) for part in manifest["manifestVersion"].split(".")) < LEAST_VERSION:
        yield "manifestVersion must be 1.22 or newer."
    bots = {bot["botId"]: bot["scopes"] for bot in manifest["bots"]}
    for agent in manifest["copilotAgents"]["customEngineAgents"]:
        if "personal" not in bots.get(agent["id"], ()):
            yield f"The agent {agent['id']} for Microsoft 365 Copilot must be one of the bots, with the personal scope."


def build(
    source: Path, target: Path, *, app_id: str, website: str, public_url: str, schema: Path | None = None
) -> None:
    """Write the package for a bot's application id; the website tells people who runs Attune here.

    The public address is where Teams reaches the bot, and opens the page of usage.
    Given Microsoft's schema of the manifest, a file that the manifest names the address of, it is checked against it.

    Raises:
        Incomplete: the id, an address, the manifest or an icon is not what Teams takes.
    """
    try:
        values = {"BOT_ID": str(UUID(app_id)), "WEBSITE": website, "VERSION": version("attune")}
    except ValueError:
        raise Incomplete("Set ATTUNE_APP_ID to the bot's application id in Entra, a GUID.") from None
    if not website.startswith("https://"):
        raise Incomplete("The website must begin with https://.")
    values["HOST"] = _host(public_url)
    try:
        manifest = fill((source / "manifest.json").read_text("utf-8"), values)
        stated = json.loads(manifest)
        icons = {name: (source / name).read_bytes() for name in stated["icons"].values()}
        others = [language["file"] for language in stated.get("localizationInfo", {}).get("additionalLanguages", [])]
        languages = {name: (source / name).read_bytes() for name in others}
        official = json.loads(schema.read_text("utf-8")) if schema else {}
    except ValueError as error:
        raise Incomplete(f"{error}: that is no JSON.") from error
    except OSError as error:
        raise Incomplete(f"{error.filename} is not there.") from error
    if problems := [*objections(stated), *_errors(stated, official)][:MAX_PROBLEMS]:
        raise Incomplete("\n".join(problems))
    for kind, size in ICON_SIZES.items():
        name = stated["icons"][kind]
        if (found := icon_size(icons[name])) != (size, size):
            raise Incomplete(f"{name} must be a PNG of {size} x {size} pixels, not {found[0]} x {found[1]}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.json", manifest)
        for name, content in (icons | languages).items():
            package.writestr(name, content)


def _errors(manifest: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft7Validator)
    for error in kind(schema, format_checker=jsonschema.FormatChecker()).iter_errors(manifest):
        yield f"{error.json_path.removeprefix('$.')}: {error.message}"


def _host(public_url: str) -> str:
    parts = urlsplit(public_url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in {"", "/"}:
        raise Incomplete("Set ATTUNE_PUBLIC_URL to where Teams reaches the bot, such as https://attune.example.com.")
    return parts.netloc


def icon_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in pixels; 0 x 0 for anything else."""
    if not content.startswith(PNG_MAGIC):
        return 0, 0
    width, height = struct.unpack(">II", content[16:24])
    return width, height
