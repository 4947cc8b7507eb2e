"""consent <id> [note]: a data owner agrees to a submitted release, besides the admin who approves it."""

import asyncio

from bot import views
from bot.commands.command import ID_AND_MORE, Command, data_owners
from bot.commands.named import begins_with_release
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import approval


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    release_id, _, note = rest.partition(" ")
    if not release_id:
        msg = say("Say which release: **consent** and its id. Send **approvals** to see what waits.")
        raise InvalidInput(msg)
    actor_id = turn.incoming.person_id
    release = await asyncio.to_thread(approval.consent, tenant, actor_id, release_id.lower(), note)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


CONSENT = Command(
    words="consent",
    usage="consent <id> [note]",
    says=mark("agrees to a submitted release as a data owner"),
    run=_run,
    is_for=data_owners,
    takes=ID_AND_MORE,
    names=begins_with_release,
)
