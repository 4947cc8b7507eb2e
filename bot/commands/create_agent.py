"""create agent: the first step of the wizard."""

import asyncio

from adaptive_cards.wizard.details import details_card
from bot.commands.command import Command, makers
from bot.turn import Message, Scope, Turn
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    if turn.incoming.scope is not Scope.PERSONAL:
        await turn.send(
            Message(text=say("Agents are made in your personal chat with me. Send **create agent** there."))
        )
        return
    await asyncio.to_thread(_check, tenant, turn.incoming.person_id)
    await turn.send(Message(card=details_card()))


def _check(tenant: Tenant, person_id: str) -> None:
    with access.act(tenant, person_id) as session:
        access.check(session, tenant, person_id, Permission.AGENT_CREATE)


CREATE_AGENT = Command(
    words="create agent", usage="create agent", says=mark("makes an agent of your own"), run=_run, is_for=makers
)
