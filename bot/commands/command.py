"""What a command is, and finding the one that a message is."""

import difflib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.turn import Turn
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents

ANYTHING, ONE_WORD = re.compile(r".+"), re.compile(r"\S+")
_ID = re.compile(r"[2-9b-df-hj-np-tv-xz]{8}")
MIN_SIMILARITY = 0.75
MIN_LENGTH = 4


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing that a person can type."""

    words: str
    """How the message begins: 'approve', 'my agents'."""
    usage: str
    """With its arguments: 'approve <id>'."""
    says: str
    """What it does, for 'help'."""
    run: Callable[[Tenant, Turn, str], Awaitable[None]]
    """Takes what follows the words."""
    is_for: Callable[[Tenant, str], bool]
    """Whether a person may use it."""
    takes_more: bool = False
    """Whether anything may follow the words; if not, a longer message is a question."""
    takes: re.Pattern[str] = ANYTHING
    """What may follow the words, if anything may."""


def find(commands: Sequence[Command], text: str) -> tuple[Command, str] | None:
    """Return the command that a message begins with, and the rest of the message."""
    words = " ".join(text.split())
    for command in sorted(commands, key=lambda one: -len(one.words)):
        if words.casefold() == command.words:
            return command, ""
        rest = words[len(command.words) :].strip()
        begins = command.takes_more and words.casefold().startswith(f"{command.words} ")
        if begins and command.takes.fullmatch(rest):
            return command, rest
    return None


def nearest(commands: Sequence[Command], text: str) -> Command | None:
    """Return the command that a message seems to be a slip of, if it looks like a command and not like a question."""
    words = text.casefold().split()
    if not words or len(words[0]) < MIN_LENGTH:
        return None
    looks_like_one = len(words) == 1 or _ID.fullmatch(words[1]) is not None
    by_words = {command.words: command for command in commands}
    near = difflib.get_close_matches(words[0], by_words, n=1, cutoff=MIN_SIMILARITY) if looks_like_one else []
    return by_words[near[0]] if near else None


def everybody(_tenant: Tenant, _person_id: str) -> bool:
    """Say yes."""
    return True


def admins(tenant: Tenant, person_id: str) -> bool:
    """Say whether a person is an admin."""
    return access.is_admin(tenant, person_id)


def owners_and_admins(tenant: Tenant, person_id: str) -> bool:
    """Say whether a person owns an agent or is an admin."""
    with tenant.store.reading() as session:
        owns = bool(agents.owned_by(session, person_id))
    return owns or admins(tenant, person_id)


def makers(tenant: Tenant, person_id: str) -> bool:
    """Say whether a person may make agents."""
    with tenant.store.reading() as session:
        return access.may(session, tenant, person_id, Permission.AGENT_CREATE)
