"""reject <id> <reason>: a submitted release is turned down."""

import asyncio

from bot import views
from bot.commands.command import ID_AND_MORE, Command, deciders
from bot.commands.named import begins_with_release
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import publishing


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    release_id, _, reason = rest.partition(" ")
    if not release_id:
        msg = say(
            "Say which release and why: **reject**, its id, and the reason. Send **approvals** to see what waits."
        )
        raise InvalidInput(msg)
    actor_id = turn.incoming.person_id
    release = await asyncio.to_thread(publishing.reject, tenant, actor_id, release_id.lower(), reason)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


REJECT = Command(
    words="reject",
    usage="reject <id> <reason>",
    says=mark("turns a submitted release down"),
    run=_run,
    is_for=deciders,
    takes=ID_AND_MORE,
    names=begins_with_release,
)
