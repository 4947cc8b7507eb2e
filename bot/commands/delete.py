"""delete <agent>: what would go with an agent, and a button that deletes it for good."""

import asyncio

from adaptive_cards.elements import Element
from bot import tending_views
from bot.commands.command import ID, Command, owners_and_admins
from bot.commands.named import is_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent: **delete** and its name or id.")
        raise InvalidInput(msg)
    await turn.send(Message(card=await asyncio.to_thread(_ask, tenant, turn.incoming.person_id, rest)))


def _ask(tenant: Tenant, actor_id: str, rest: str) -> Element:
    with access.act(tenant, actor_id) as session:
        agent, _more = named(session, tenant, actor_id, Permission.AGENT_DELETE, rest)
    return tending_views.deletion(tenant, actor_id, agent.id)


DELETE = Command(
    words="delete",
    usage="delete <agent>",
    says=mark("deletes an agent with all that was made of it and said to it; asks first"),
    run=_run,
    is_for=owners_and_admins,
    takes=ID,
    names=is_agent,
)
