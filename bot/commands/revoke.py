"""revoke <agent> <reason>: an agent stops answering at once."""

import asyncio
import re

from bot import views
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.domain.agents import Agent
from tuning.domain.errors import InvalidInput, NotFound
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.releases import publishing
from tuning.store import agents

NO_REASON = "No reason was given."


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = "Say which agent and why: **revoke**, its name or id, and the reason."
        raise InvalidInput(msg)
    actor_id = turn.incoming.person_id
    agent, reason = await asyncio.to_thread(_named, tenant, actor_id, rest)
    release = await asyncio.to_thread(publishing.revoke, tenant, actor_id, agent.id, reason or NO_REASON)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, actor_id, release, reason)))


def _named(tenant: Tenant, actor_id: str, rest: str) -> tuple[Agent, str]:
    """Return the live agent that the text begins with, by id or name, and the rest; the longest name wins."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
        live = agents.live(session)
    found: list[tuple[Agent, str]] = []
    for agent in live:
        for name in (agent.id, agent.name):
            begins = re.match(rf"[\"']?{re.escape(name)}[\"']?(?:[\s:,]+|$)", rest, re.IGNORECASE)
            if begins:
                found.append((agent, rest[begins.end() :].strip()))
    if not found:
        msg = "There is no live agent with that name or id. Nothing was revoked."
        raise NotFound(msg)
    shortest = min(len(reason) for _agent, reason in found)
    best = [(agent, reason) for agent, reason in found if len(reason) == shortest]
    if len(best) > 1:
        ids = ", ".join(agent.id for agent, _reason in best)
        msg = f"Several live agents have that name. Say which by its id: {ids}."
        raise InvalidInput(msg)
    return best[0]


REVOKE = Command(
    words="revoke",
    usage="revoke <agent> <reason>",
    says="stops an agent from answering, at once",
    run=_run,
    is_for=admins,
    takes_more=True,
)
