"""rollback <agent> [release]: an earlier release answers again."""

import asyncio
import re

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

_NUMBER = re.compile(r"(?:release )?(\d{1,6})", re.IGNORECASE)


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent: **rollback**, its name or id, and, if you like, the number of the release.")
        raise InvalidInput(msg)
    release = await asyncio.to_thread(_roll_back, tenant, turn.incoming.person_id, rest)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


def _roll_back(tenant: Tenant, actor_id: str, rest: str) -> Release:
    with access.act(tenant, actor_id) as session:
        agent, which = named(session, tenant, actor_id, Permission.RELEASE_RESTORE, rest)
    number = _NUMBER.fullmatch(which)
    if which and number is None:
        msg = say("'{text}' is no number of a release: **rollback**, the agent, and 2 for release 2.", text=which)
        raise InvalidInput(msg)
    return publishing.roll_back(tenant, actor_id, agent.id, int(number[1]) if number else None)


ROLLBACK = Command(
    words="rollback",
    usage="rollback <agent> [release]",
    says=mark("lets the release before, or the one with that number, answer again"),
    run=_run,
    is_for=admins,
    takes=ID_AND_MORE,
    names=begins_with_agent,
)
