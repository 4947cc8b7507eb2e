"""resume <agent>: a paused agent answers again."""

import asyncio

from adaptive_cards.elements import Element
from bot import tending_views
from bot.commands.command import ID_AND_MORE, Command, owners
from bot.commands.named import is_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.governance import access, tending
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent: **resume** and its name or id.")
        raise InvalidInput(msg)
    await turn.send(Message(card=await asyncio.to_thread(_resume, tenant, turn.incoming.person_id, rest)))


def _resume(tenant: Tenant, actor_id: str, rest: str) -> Element:
    with access.act(tenant, actor_id) as session:
        agent, _more = named(session, tenant, actor_id, Permission.AGENT_PAUSE, rest)
    tending.resume(tenant, actor_id, agent.id)
    return tending_views.manage(tenant, actor_id, agent.id)


RESUME = Command(
    words="resume",
    usage="resume <agent>",
    says=mark("lets a paused agent of yours answer again"),
    run=_run,
    is_for=owners,
    takes=ID_AND_MORE,
    names=is_agent,
)
