"""my agents: what this person owns."""

import asyncio

from bot import views
from bot.commands.command import Command, makers
from bot.turn import Message, Turn
from tuning.governance.tenant import Tenant
from tuning.languages import mark


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(views.my_agents, tenant, turn.incoming.person_id)))


MY_AGENTS = Command(
    words="my agents",
    usage="my agents",
    says=mark("shows the agents that you own"),
    run=_run,
    is_personal=True,
    is_for=makers,
)
