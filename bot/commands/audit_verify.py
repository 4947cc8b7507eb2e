"""audit verify: whether what the audit says is what was recorded."""

import asyncio

from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.governance import audit
from tuning.governance.tenant import Tenant
from tuning.languages import mark, number, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    newest, broken = await asyncio.to_thread(audit.check, tenant, turn.incoming.person_id)
    if broken is not None:
        await turn.send(Message(text=broken.sentence))
        return
    told = say(
        "The audit is whole up to event {number}: no event was changed, moved or removed.", number=number(newest)
    )
    await turn.send(Message(text=told))


AUDIT_VERIFY = Command(
    words="audit verify",
    usage="audit verify",
    says=mark("checks that nothing in the audit was changed, moved or removed"),
    run=_run,
    is_personal=True,
    is_for=admins,
)
