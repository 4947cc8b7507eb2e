"""agents [part of a name]: whom this person can ask."""

import asyncio

from bot import views
from bot.commands.command import NOTHING, Command, everybody
from bot.turn import Message, Turn
from tuning.governance import agents
from tuning.governance.tenant import Tenant
from tuning.languages import mark


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    incoming = turn.incoming
    card = await asyncio.to_thread(views.pick, tenant, incoming.person_id, incoming.chat_id, rest)
    await turn.send(Message(card=card))


def _is_part(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether a text is part of the name of an agent that the person can ask."""
    return any(text.casefold() in agent.name.casefold() for agent in agents.available(tenant, person_id))


AGENTS = Command(
    words="agents",
    usage="agents [name]",
    says=mark("shows whom you can ask, to pick one"),
    run=_run,
    is_for=everybody,
    takes=NOTHING,
    names=_is_part,
)
