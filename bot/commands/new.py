"""new: forget what was said and start over with the same agent."""

import asyncio

from bot import questions
from bot.commands.command import Command, everybody
from bot.turn import Message, Turn
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.store import conversations


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    await turn.send(Message(text=await asyncio.to_thread(_start_over, tenant, turn)))


def _start_over(tenant: Tenant, turn: Turn) -> str:
    chat_id, person_id = turn.incoming.chat_id, turn.incoming.person_id
    with access.act(tenant, person_id) as session:
        current = conversations.current(session, chat_id, person_id)
        if current is None:
            return say("You have not picked an agent yet. Send **agents** to see whom you can ask.")
        agent, _release = questions.answering(session, tenant, current)
        conversations.start(session, chat_id, person_id, agent.id, current.release_id)
        return say("Let's start over. What do you want to ask {agent}?", agent=agent.name)


NEW = Command(
    words="new", usage="new", says=mark("starts a new conversation with the same agent"), run=_run, is_for=everybody
)
