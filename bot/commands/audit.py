"""audit [id]: what happened, newest first, in all or to one agent, release or run."""

import asyncio

from bot import views
from bot.commands.command import ONE_WORD, Command, admins
from bot.turn import Message, Turn
from tuning.governance.tenant import Tenant


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    card = await asyncio.to_thread(views.audit, tenant, turn.incoming.person_id, about=rest)
    await turn.send(Message(card=card))


AUDIT = Command(
    words="audit",
    usage="audit [id]",
    says="shows what happened: everything, or to one agent, release or run",
    run=_run,
    is_for=admins,
    takes_more=True,
    takes=ONE_WORD,
)
