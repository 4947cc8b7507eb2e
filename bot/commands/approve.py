"""approve <id> [note]: a submitted release goes live."""

import asyncio

from bot import views
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.releases import publishing


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    release_id, _, reason = rest.partition(" ")
    if not release_id:
        msg = "Say which release: **approve** and its id. Send **approvals** to see what waits."
        raise InvalidInput(msg)
    actor_id = turn.incoming.person_id
    release = await asyncio.to_thread(publishing.approve, tenant, actor_id, release_id.lower(), reason)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


APPROVE = Command(
    words="approve",
    usage="approve <id> [note]",
    says="lets a submitted release go live",
    run=_run,
    is_for=admins,
    takes_more=True,
)
