"""audit [id]: what happened, newest first, in all or to one agent, release or run."""

import asyncio

from bot import views
from bot.commands.command import ID, Command, admins
from bot.turn import Message, Turn
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark
from tuning.store import audit


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    card = await asyncio.to_thread(views.audit, tenant, turn.incoming.person_id, about=rest.lower())
    await turn.send(Message(card=card))


def _is_known(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether something has happened to what an admin names."""
    if not access.is_admin(tenant, person_id):
        return False
    with tenant.store.reading() as session:
        return bool(audit.page(session, before=0, about=text[: access.MAX_ID].lower(), limit=1))


AUDIT = Command(
    words="audit",
    usage="audit [id]",
    says=mark("shows what happened: everything, or to one agent, release or run"),
    run=_run,
    is_personal=True,
    is_for=admins,
    takes=ID,
    names=_is_known,
)
