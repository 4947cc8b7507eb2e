"""evidence <id>: all that the decision on a release rests on, as a file for an admin's OneDrive."""

import asyncio

from bot.commands.command import ID, Command, admins
from bot.commands.named import begins_with_release
from bot.files import offer_of
from bot.turn import Message, Scope, Turn
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import evidence


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    incoming = turn.incoming
    if not rest:
        raise InvalidInput(say("Say for which release: **evidence** and its id. **releases** shows them."))
    if incoming.scope is not Scope.PERSONAL:
        raise InvalidInput(say("Files come in our personal chat only. Send that to me there."))
    draft = await asyncio.to_thread(evidence.hand_out, tenant, incoming.person_id, rest.lower(), incoming.chat_id)
    draft.activity_id = await turn.send(Message(file=offer_of(draft)))
    await asyncio.to_thread(_keep, tenant, draft)


def _keep(tenant: Tenant, draft: Draft) -> None:
    with tenant.store.transaction() as session:
        session.merge(draft)


EVIDENCE = Command(
    words="evidence",
    usage="evidence <id>",
    says=mark("gives you all that the decision on a release rests on, as a file"),
    run=_run,
    is_for=admins,
    takes=ID,
    names=begins_with_release,
)
