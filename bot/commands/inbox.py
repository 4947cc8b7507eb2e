"""inbox: corrections and complaints on this person's agents."""

import asyncio

from adaptive_cards.elements import Element
from bot import views
from bot.commands.command import Command, makers
from bot.turn import Message, Turn
from tuning.governance import agents
from tuning.governance import feedback as governed_feedback
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    cards = await asyncio.to_thread(_cards, tenant, turn.incoming.person_id)
    for card in cards:
        await turn.send(Message(card=card))
    if not cards:
        await turn.send(Message(text=say("Nothing waits for you.")))


def _cards(tenant: Tenant, person_id: str) -> list[Element]:
    waiting = [
        agent for agent in agents.owned(tenant, person_id) if governed_feedback.inbox(tenant, person_id, agent.id)
    ]
    return [views.inbox(tenant, person_id, agent.id, 0) for agent in waiting]


INBOX = Command(
    words="inbox",
    usage="inbox",
    says=mark("shows what people wrote about your agents' answers"),
    run=_run,
    is_personal=True,
    is_for=makers,
)
