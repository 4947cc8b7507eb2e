"""retire <agent> [reason]: an agent's service ends in good order."""

import asyncio

from bot import views
from bot.commands.command import ID_AND_MORE, Command, owners_and_admins
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
        msg = say("Say which agent: **retire** and its name or id.")
        raise InvalidInput(msg)
    release = await asyncio.to_thread(_retire, tenant, turn.incoming.person_id, rest)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


def _retire(tenant: Tenant, actor_id: str, rest: str) -> Release:
    with access.act(tenant, actor_id) as session:
        agent, reason = named(session, tenant, actor_id, Permission.RELEASE_RETIRE, rest)
    return publishing.retire(tenant, actor_id, agent.id, reason)


RETIRE = Command(
    words="retire",
    usage="retire <agent> [reason]",
    says=mark("ends an agent's service; what was live can be restored with rollback"),
    run=_run,
    is_for=owners_and_admins,
    takes=ID_AND_MORE,
    names=begins_with_agent,
)
