"""The package that an admin uploads to Teams: the manifest, its blanks filled in, its languages and icons, in a zip."""

import json
import re
import struct
import zipfile
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

ICON_SIZES = {"color": 192, "outline": 32}
"""Width and height in pixels, by the manifest's name."""
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
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


def build(source: Path, target: Path, *, app_id: str, website: str) -> None:
    """Write the package for a bot's application id; the website tells people who runs Attune here.

    Raises:
        Incomplete: the id, the website, the manifest or an icon is not what Teams takes.
    """
    try:
        values = {"BOT_ID": str(UUID(app_id)), "WEBSITE": website, "VERSION": version("attune")}
    except ValueError:
        raise Incomplete("Set ATTUNE_APP_ID to the bot's application id in Entra, a GUID.") from None
    if not website.startswith("https://"):
        raise Incomplete("The website must begin with https://.")
    try:
        manifest = fill((source / "manifest.json").read_text("utf-8"), values)
        stated = json.loads(manifest)
        icons = {name: (source / name).read_bytes() for name in stated["icons"].values()}
        others = [language["file"] for language in stated.get("localizationInfo", {}).get("additionalLanguages", [])]
        languages = {name: (source / name).read_bytes() for name in others}
    except OSError as error:
        raise Incomplete(f"{error.filename} is not there.") from error
    for kind, size in ICON_SIZES.items():
        name = stated["icons"][kind]
        if (found := icon_size(icons[name])) != (size, size):
            raise Incomplete(f"{name} must be a PNG of {size} x {size} pixels, not {found[0]} x {found[1]}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.json", manifest)
        for name, content in (icons | languages).items():
            package.writestr(name, content)


def icon_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in pixels; 0 x 0 for anything else."""
    if not content.startswith(PNG_MAGIC):
        return 0, 0
    width, height = struct.unpack(">II", content[16:24])
    return width, height
