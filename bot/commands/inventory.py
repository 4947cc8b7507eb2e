"""inventory: all agents, with where they stand."""

import asyncio

from bot import views
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.governance.tenant import Tenant
from tuning.languages import mark


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(views.inventory, tenant, turn.incoming.person_id, 0)))


INVENTORY = Command(
    words="inventory",
    usage="inventory",
    says=mark("shows all agents with their releases"),
    run=_run,
    is_personal=True,
    is_for=admins,
)
