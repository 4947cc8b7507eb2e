"""What a command is, and finding the one that a message is.

A message is a command if it is the command's words and nothing else, or if what follows is what the command takes: by
its shape, such as an id, or because it names something there is. Every other message is a question, however it begins.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.turn import Turn
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents

_LIKE_AN_ID = r"[2-9b-df-hj-np-tv-xz]{8}|(?=[a-z]*[0-9])[a-z0-9]{8}"
"""No word of a language: without vowels, or with digits as by a slip."""
ID, ID_AND_MORE = re.compile(_LIKE_AN_ID, re.IGNORECASE), re.compile(rf"(?:{_LIKE_AN_ID})(?: .+)?", re.IGNORECASE)
NOTHING = re.compile(r"(?!)")
"""No shape at all: what follows must name something."""
MIN_SIMILARITY = 0.75
MIN_LENGTH = 4


def nothing(_tenant: Tenant, _person_id: str, _rest: str) -> bool:
    """Say no."""
    return False


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing that a person can type."""

    words: str
    """How the message begins: 'approve', 'my agents'."""
    usage: str
    """With its arguments: 'approve <id>'."""
    says: str
    """What it does, for 'help'."""
    settings: str = ""
    """What '{settings}' stands for in what it says."""
    run: Callable[[Tenant, Turn, str], Awaitable[None]]
    """Takes what follows the words."""
    keep: Callable[[Tenant, Turn, Mapping[str, bytes]], Awaitable[None]] | None = None
    """Takes the files, by name, that come with the words; None: the command has no use for files."""
    is_for: Callable[[Session, Tenant, str], bool]
    """Whether a person may use it."""
    is_personal: bool = False
    """Whether it shows what is for one person's eyes: in a group or channel everybody would read along."""
    takes: re.Pattern[str] | None = None
    """What may follow the words, by its shape; None: nothing."""
    names: Callable[[Tenant, str, str], bool] = nothing
    """Whether what follows, for this person, names what the command is about, where its shape doesn't tell."""

    def is_meant(self, tenant: Tenant, person_id: str, rest: str) -> bool:
        """Say whether a message that begins with the words is this command, by what follows them."""
        if not rest or self.takes is None:
            return not rest
        return self.takes.fullmatch(rest) is not None or self.names(tenant, person_id, rest)


def find(commands: Sequence[Command], text: str) -> tuple[Command, str] | None:
    """Return the command that a message begins with, and the rest of the message; it may be a question still."""
    words = " ".join(text.split())
    for command in sorted(commands, key=lambda one: -len(one.words)):
        if words.casefold() == command.words:
            return command, ""
        if command.takes is not None and words.casefold().startswith(f"{command.words} "):
            return command, words[len(command.words) :].strip()
    return None


def nearest(commands: Sequence[Command], text: str) -> Command | None:
    """Return the command that a message seems to be a slip of, if it looks like a command and not like a question."""
    words = text.casefold().split()
    if not words or len(words[0]) < MIN_LENGTH:
        return None
    looks_like_one = len(words) == 1 or ID.fullmatch(words[1]) is not None
    by_words = {command.words: command for command in commands}
    near = difflib.get_close_matches(words[0], by_words, n=1, cutoff=MIN_SIMILARITY) if looks_like_one else []
    return by_words[near[0]] if near else None


def everybody(_session: Session, _tenant: Tenant, _person_id: str) -> bool:
    """Say yes."""
    return True


def admins(_session: Session, tenant: Tenant, person_id: str) -> bool:
    """Say whether a person is an admin."""
    return access.is_admin(tenant, person_id)


def data_owners(session: Session, tenant: Tenant, person_id: str) -> bool:
    """Say whether a person may agree to releases besides an admin."""
    return person_id in access.data_owners(session, tenant)


def deciders(session: Session, tenant: Tenant, person_id: str) -> bool:
    """Say whether a person is an admin or a data owner."""
    return admins(session, tenant, person_id) or data_owners(session, tenant, person_id)


def owners(session: Session, _tenant: Tenant, person_id: str) -> bool:
    """Say whether a person owns an agent."""
    return agents.is_owner(session, person_id)


def owners_and_admins(session: Session, tenant: Tenant, person_id: str) -> bool:
    """Say whether a person owns an agent or is an admin."""
    return admins(session, tenant, person_id) or owners(session, tenant, person_id)


def makers(session: Session, tenant: Tenant, person_id: str) -> bool:
    """Say whether a person may make agents."""
    return access.may(session, tenant, person_id, Permission.AGENT_CREATE)
