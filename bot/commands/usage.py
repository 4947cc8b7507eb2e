"""usage [agent]: how agents are used; admins see all of them, owners their own."""

import asyncio

from adaptive_cards.elements import Element
from adaptive_cards.usage import usage_card
from bot.commands.command import ID, Command, owners_and_admins
from bot.commands.named import is_agent, named
from bot.turn import Message, Turn
from tuning.domain.permissions import Permission
from tuning.governance import access, usage
from tuning.governance.tenant import Tenant
from tuning.languages import mark


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(_card, tenant, turn.incoming.person_id, rest)))


def _card(tenant: Tenant, actor_id: str, rest: str) -> Element:
    agent_id = ""
    if rest:
        with access.act(tenant, actor_id) as session:
            agent, _more = named(session, tenant, actor_id, Permission.USAGE_READ, rest)
        agent_id = agent.id
    return usage_card(usage.report(tenant, actor_id, agent_id=agent_id))


USAGE = Command(
    words="usage",
    usage="usage [agent]",
    says=mark("shows how agents are used: people, questions, satisfaction, and what had no answer"),
    run=_run,
    is_personal=True,
    is_for=owners_and_admins,
    takes=ID,
    names=is_agent,
)
