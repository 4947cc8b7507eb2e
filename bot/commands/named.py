"""The agent that a command names: by its id or its name, among those that the person may do it to."""

import re

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.errors import InvalidInput, NotFound
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents


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
        msg = "There is no agent with that name or id."
        raise NotFound(msg)
    shortest = min(len(rest) for _agent, rest in found)
    best = [(agent, rest) for agent, rest in found if len(rest) == shortest]
    if len(best) > 1:
        ids = ", ".join(agent.id for agent, _rest in best)
        msg = f"Several agents have that name. Say which by its id: {ids}."
        raise InvalidInput(msg)
    return best[0]


def _after(name: str, text: str) -> str | None:
    begins = re.match(rf"[\"']?{re.escape(name)}[\"']?(?:[\s:,]+|$)", text, re.IGNORECASE)
    return text[begins.end() :].strip() if begins else None
