"""revoke <agent> <reason>: an agent stops answering at once."""

import asyncio

from bot import views
from bot.commands.command import ID_AND_MORE, Command, admins
from bot.commands.named import begins_with_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import publishing


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent and why: **revoke**, its name or id, and the reason.")
        raise InvalidInput(msg)
    release = await asyncio.to_thread(_revoke, tenant, turn.incoming.person_id, rest)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


def _revoke(tenant: Tenant, actor_id: str, rest: str) -> Release:
    with access.act(tenant, actor_id) as session:
        agent, reason = named(session, tenant, actor_id, Permission.RELEASE_REVOKE, rest)
    return publishing.revoke(tenant, actor_id, agent.id, reason)


REVOKE = Command(
    words="revoke",
    usage="revoke <agent> <reason>",
    says=mark("stops an agent from answering, at once"),
    run=_run,
    is_for=admins,
    takes=ID_AND_MORE,
    names=begins_with_agent,
)
