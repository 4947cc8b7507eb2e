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
            return [
                f"- **{one.usage}**: {say(one.says, settings=one.settings)}"
                for one in (*others, command)
                if one.is_for(tenant, person_id)
            ]

        found = await asyncio.to_thread(lines)
        text = "\n".join(
            [*found, "", say("Everything else that you write is a question to the agent you have picked.")]
        )
        await turn.send(Message(text=text))

    command = Command(words="help", usage="help", says=mark("shows this"), run=run, is_for=everybody)
    return command
