"""report <id>: the full report on a release, as a file for its owner's OneDrive."""

import asyncio

from bot.commands.command import ID, Command, owners
from bot.commands.named import begins_with_release
from bot.files import offer_of
from bot.turn import Message, Scope, Turn
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import reports


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    incoming = turn.incoming
    if not rest:
        raise InvalidInput(say("Say on which release: **report** and its id, which stands on its card."))
    if incoming.scope is not Scope.PERSONAL:
        raise InvalidInput(say("Files come in our personal chat only. Send that to me there."))
    draft = await asyncio.to_thread(reports.hand_out, tenant, incoming.person_id, rest.lower(), incoming.chat_id)
    draft.activity_id = await turn.send(Message(file=offer_of(draft)))
    await asyncio.to_thread(_keep, tenant, draft)


def _keep(tenant: Tenant, draft: Draft) -> None:
    with tenant.store.transaction() as session:
        session.merge(draft)


REPORT = Command(
    words="report",
    usage="report <id>",
    says=mark("gives you the full report on a release of yours, as a file"),
    run=_run,
    is_for=owners,
    takes=ID,
    names=begins_with_release,
)
