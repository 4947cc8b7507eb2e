"""notices: when messages reach a person unasked."""

import asyncio

from adaptive_cards.quiet import quiet_card
from bot.commands.command import Command, everybody
from bot.turn import Message, Scope, Turn
from tuning.governance import notices
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    if turn.incoming.scope is not Scope.PERSONAL:
        await turn.send(Message(text=say("Send **notices** in your personal chat with me.")))
        return
    hours = await asyncio.to_thread(notices.quiet_hours, tenant, turn.incoming.person_id)
    await turn.send(Message(card=quiet_card(hours)))


NOTICES = Command(
    words="notices",
    usage="notices",
    says=mark("shows when messages reach you unasked, to change it"),
    run=_run,
    is_for=everybody,
)
