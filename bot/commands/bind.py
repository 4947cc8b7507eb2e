"""bind <agent>: an agent answers in this channel or group chat those that have picked nobody."""

import asyncio

from bot.commands.command import ID_AND_MORE, Command, owners
from bot.commands.named import is_agent, named
from bot.turn import Message, Scope, Turn
from tuning.domain.agents import Agent
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.governance import access, rooms
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

ELSEWHERE = mark("Send that in the channel or group chat that it is about.")


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if turn.incoming.scope is Scope.PERSONAL:
        raise InvalidInput(say(ELSEWHERE))
    if not rest:
        raise InvalidInput(say("Say which agent: **bind** and its name or id."))
    agent = await asyncio.to_thread(_bind, tenant, turn, rest)
    text = say("'{agent}' answers here now whoever has picked nobody. **unbind** ends that.", agent=agent.name)
    await turn.send(Message(text=text))


def _bind(tenant: Tenant, turn: Turn, rest: str) -> Agent:
    person_id = turn.incoming.person_id
    with access.act(tenant, person_id) as session:
        agent, _more = named(session, tenant, person_id, Permission.AGENT_BIND, rest)
    return rooms.bind(tenant, person_id, agent.id, turn.incoming.chat_id)


BIND = Command(
    words="bind",
    usage="bind <agent>",
    says=mark("lets an agent of yours answer in a channel or group chat"),
    run=_run,
    is_for=owners,
    takes=ID_AND_MORE,
    names=is_agent,
)
