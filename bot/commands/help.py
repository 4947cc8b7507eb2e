"""help: what this person may do."""

import asyncio
from collections.abc import Sequence

from bot.commands.command import Command, everybody
from bot.turn import Message, Turn
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


def help_command(others: Sequence[Command]) -> Command:
    """Return the command, which lists itself and the others."""

    async def run(tenant: Tenant, turn: Turn, _rest: str) -> None:
        person_id = turn.incoming.person_id

        def lines() -> list[str]:
            every = (*others, command)
            with tenant.store.reading() as session:
                may = {is_for: is_for(session, tenant, person_id) for is_for in {one.is_for for one in every}}
            return [f"- **{one.usage}**: {say(one.says, settings=one.settings)}" for one in every if may[one.is_for]]

        found = await asyncio.to_thread(lines)
        text = "\n".join(
            [*found, "", say("Everything else that you write is a question to the agent you have picked.")]
        )
        await turn.send(Message(text=text))

    command = Command(words="help", usage="help", says=mark("shows this"), run=run, is_for=everybody)
    return command
