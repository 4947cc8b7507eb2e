"""agents: whom this person can ask."""

import asyncio

from bot import views
from bot.commands.command import Command, everybody
from bot.turn import Message, Turn
from tuning.governance.tenant import Tenant


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    incoming = turn.incoming
    card = await asyncio.to_thread(views.pick, tenant, incoming.person_id, incoming.chat_id)
    await turn.send(Message(card=card))


AGENTS = Command(words="agents", usage="agents", says="shows whom you can ask, to pick one", run=_run, is_for=everybody)
