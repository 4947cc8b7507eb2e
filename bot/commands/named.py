"""The agent that a command names: by its id or its name, among those that the person may do it to."""

import difflib
import re

from sqlmodel import Session

from bot.commands.command import MIN_SIMILARITY
from tuning.domain.agents import Agent
from tuning.domain.errors import InvalidInput, NotFound
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, releases


def named(session: Session, tenant: Tenant, actor_id: str, permission: Permission, text: str) -> tuple[Agent, str]:
    """Return the agent that a text begins with, and the rest of the text; the longest name wins.

    Raises:
        PermissionMissing: the person may do this to no such agent; whether there is one is not said.
        NotFound: there is none, for somebody who could do it to any.
        InvalidInput: several have that name; with their ids.
    """
    found: list[tuple[Agent, str]] = []
    for agent in agents.every(session):
        rest = min((rest for name in (agent.id, agent.name) if (rest := _after(name, text)) is not None), default=None)
        if rest is not None and access.may(session, tenant, actor_id, permission, agent):
            found.append((agent, rest))
    if not found:
        access.check(session, tenant, actor_id, permission)
        near = [agent.name for agent in agents.every(session) if _after_slip(agent.name, text) is not None]
        msg = say("There is no agent with that name or id.")
        if near:
            msg = say("There is no agent with that name or id. Did you mean **{agent}**?", agent=near[0])
        raise NotFound(msg)
    shortest = min(len(rest) for _agent, rest in found)
    best = [(agent, rest) for agent, rest in found if len(rest) == shortest]
    if len(best) > 1:
        ids = ", ".join(agent.id for agent, _rest in best)
        msg = say("Several agents have that name. Say which by its id: {ids}.", ids=ids)
        raise InvalidInput(msg)
    return best[0]


def begins_with_agent(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether a text begins with an agent's id or, for its owner and for admins, with its name or a slip of that.

    Nobody else learns by it whether there is an agent of some name.
    """
    return after_agent(tenant, person_id, text) is not None


def begins_with_release(tenant: Tenant, _person_id: str, text: str) -> bool:
    """Say whether a text begins with a release's id."""
    release_id, _, _more = text.partition(" ")
    with tenant.store.reading() as session:
        try:
            releases.get(session, release_id.lower())
        except NotFound:
            return False
    return True


def is_agent(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether a text is an agent's id or name, and nothing else; see `begins_with_agent`."""
    return after_agent(tenant, person_id, text) == ""


def after_agent(tenant: Tenant, person_id: str, text: str) -> str | None:
    """Return what follows an agent's id or name in a text, the longest name's; None if it begins with none."""
    is_admin = access.is_admin(tenant, person_id)
    with tenant.store.reading() as session:
        every = agents.every(session)
    names = [agent.name for agent in every if is_admin or agent.owner_id == person_id]
    rests = [_after(name, text) for name in (*(agent.id for agent in every), *names)]
    exact = min((rest for rest in rests if rest is not None), key=len, default=None)
    slips = [_after_slip(name, text) for name in names] if exact is None else []
    return next((rest for rest in slips if rest is not None), exact)


def _after_slip(name: str, text: str) -> str | None:
    words = text.split()
    count = len(name.split())
    said = " ".join(words[:count]).strip("\"':,").casefold()
    likeness = difflib.SequenceMatcher(None, name.casefold(), said)
    # The lengths alone first: a word may be as long as a message.
    is_near = likeness.real_quick_ratio() >= MIN_SIMILARITY and likeness.ratio() >= MIN_SIMILARITY
    return " ".join(words[count:]) if is_near else None


def _after(name: str, text: str) -> str | None:
    begins = re.match(rf"[\"']?{re.escape(name)}[\"']?(?:[\s:,]+|$)", text, re.IGNORECASE)
    return text[begins.end() :].strip() if begins else None
