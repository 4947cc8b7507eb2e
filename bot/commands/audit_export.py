"""audit export: everything that happened, as a file for an admin's OneDrive."""

import asyncio

from bot.commands.command import Command, admins
from bot.files import offer
from bot.turn import Turn
from tuning.governance import audit
from tuning.governance.tenant import Tenant
from tuning.languages import mark


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    incoming = turn.incoming
    await offer(tenant, turn, await asyncio.to_thread(audit.hand_out, tenant, incoming.person_id, incoming.chat_id))


AUDIT_EXPORT = Command(
    words="audit export",
    usage="audit export",
    says=mark("gives you everything that happened, as a file"),
    run=_run,
    is_personal=True,
    is_for=admins,
)
