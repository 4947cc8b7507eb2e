"""releases <agent>: every release of an agent with its scores, decisions and evidence."""

import asyncio

from adaptive_cards.elements import Element
from bot import history_views
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
        raise InvalidInput(say("Say which agent: **releases** and its name or id."))
    await turn.send(Message(card=await asyncio.to_thread(_card, tenant, turn.incoming.person_id, rest)))


def _card(tenant: Tenant, actor_id: str, rest: str) -> Element:
    with access.act(tenant, actor_id) as session:
        agent, _more = named(session, tenant, actor_id, Permission.RELEASE_HISTORY, rest)
    return history_views.history(tenant, actor_id, agent.id, 0)


RELEASES = Command(
    words="releases",
    usage="releases <agent>",
    says=mark("shows every release of an agent with scores, decisions and evidence"),
    run=_run,
    is_for=owners_and_admins,
    takes=ID,
    names=is_agent,
)
