"""my feedback: what this person has said about answers, to change or take back."""

import asyncio

from bot import opinion_views
from bot.commands.command import Command, everybody
from bot.turn import Message, Turn
from tuning.governance.tenant import Tenant
from tuning.languages import mark


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(opinion_views.own, tenant, turn.incoming.person_id, 0)))


MY_FEEDBACK = Command(
    words="my feedback",
    usage="my feedback",
    says=mark("shows what you said about answers, to change it or take it back"),
    run=_run,
    is_personal=True,
    is_for=everybody,
)
