"""Microsoft's Agents Playground, a browser client that plays Teams: one program per person to act as."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.supervisor import Part
from tuning.domain.principals import Person

BOT_ID = "28:attune"
COLLEAGUES = 5
"""The Playground wants exactly so many users besides the current one."""
ENTRANCE = Path("node_modules/@microsoft/m365agentsplayground/cli.js")
CONFIG = ".m365agentsplayground.yml"


def is_installed(folder: Path) -> bool:
    """Say whether Node.js and the Playground are there."""
    return shutil.which("node") is not None and (folder / ENTRANCE).is_file()


def playground_config(person: Person, people: Sequence[Person], tenant_id: str) -> dict[str, Any]:
    """Return what the Playground must know to act as a person among the people of an organisation.

    Chats get ids of their own per person: each Playground is a Teams of its own, and the bot must not mix them up.

    Raises:
        ValueError: there are too few people.
    """
    colleagues = [_user(other) for other in people if other.id != person.id][:COLLEAGUES]
    if len(colleagues) < COLLEAGUES:
        raise ValueError(f"The Playground needs {COLLEAGUES + 1} people; people.json lists {len(people)}.")
    return {
        "version": "0.1.1",
        "tenantId": tenant_id,
        "bot": {"id": BOT_ID, "name": "Attune"},
        "currentUser": _user(person),
        "users": colleagues,
        "personalChat": {"id": f"a:{person.id}"},
        "groupChat": {"id": f"19:{person.id}@thread.v2", "name": "Everybody"},
        "team": {
            "id": f"19:{person.id}@thread.tacv2",
            "name": "Organisation",
            "aadGroupId": person.id,
            "channels": [],
        },
    }


def playground_part(
    config: dict[str, Any], *, name: str, port: int, bot_url: str, installed: Path, folder: Path
) -> Part:
    """Write a Playground's configuration into a folder of its own and return the program to run there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(config, indent=1), "utf-8")  # JSON is YAML, too
    return Part(
        name=name,
        command=(
            *("node", str((installed / ENTRANCE).resolve()), "start", "--app-endpoint", f"{bot_url}/api/messages"),
            *("--channel-id", "msteams", "--port", str(port), "--disable-telemetry"),
        ),
        environment={"BROWSER": "none"},
        folder=folder,
        health_url=f"http://127.0.0.1:{port}/",
        is_quiet=True,
    )


def _user(person: Person) -> dict[str, str]:
    given_name, _, surname = person.name.partition(" ")
    return {
        "id": f"29:{person.id}",
        "name": person.name,
        "userPrincipleName": person.mail,  # the Playground's own spelling
        "aadObjectId": person.id,
        "givenName": given_name,
        "surname": surname or given_name,
        "email": person.mail,
    }
