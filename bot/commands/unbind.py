"""unbind: no agent is bound to this channel or group chat any more."""

import asyncio

from bot.commands.bind import ELSEWHERE
from bot.commands.command import Command, owners_and_admins
from bot.turn import Message, Scope, Turn
from tuning.domain.errors import InvalidInput
from tuning.governance import rooms
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    if turn.incoming.scope is Scope.PERSONAL:
        raise InvalidInput(say(ELSEWHERE))
    agent = await asyncio.to_thread(rooms.unbind, tenant, turn.incoming.person_id, turn.incoming.chat_id)
    text = say("'{agent}' answers here only who picks it. Send **agents** for that.", agent=agent.name)
    await turn.send(Message(text=text))


UNBIND = Command(words="unbind", usage="unbind", says=mark("ends what bind began"), run=_run, is_for=owners_and_admins)
