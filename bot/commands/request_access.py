"""request access: the form that asks the admins for the right to make and tune agents."""

import asyncio

from sqlmodel import Session

from adaptive_cards.access import ask_card
from bot.commands.command import Command
from bot.turn import Message, Scope, Turn
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    if turn.incoming.scope is not Scope.PERSONAL:
        await turn.send(Message(text=say("Send **request access** in your personal chat with me.")))
        return
    await asyncio.to_thread(_check, tenant, turn.incoming.person_id)
    await turn.send(Message(card=ask_card()))


def _check(tenant: Tenant, person_id: str) -> None:
    with access.act(tenant, person_id) as session:
        access.check(session, tenant, person_id, Permission.ACCESS_ASK)


def _may_ask(session: Session, tenant: Tenant, person_id: str) -> bool:
    return access.may(session, tenant, person_id, Permission.ACCESS_ASK)


REQUEST_ACCESS = Command(
    words="request access",
    usage="request access",
    says=mark("asks the admins to let you make and tune agents"),
    run=_run,
    is_for=_may_ask,
)
