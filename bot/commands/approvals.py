"""approvals: what waits for an admin's decision, or for a data owner's word."""

import asyncio

from adaptive_cards.elements import Element
from bot import views
from bot.commands.command import Command, deciders
from bot.turn import Message, Turn
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import publishing

MAX_SHOWN = 5
"""Cases that are sent one by one; more of them come as a list."""


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    cards = await asyncio.to_thread(_cards, tenant, turn.incoming.person_id)
    for card in cards:
        await turn.send(Message(card=card))
    if not cards:
        await turn.send(Message(text=say("Nothing waits for your decision.")))


def _cards(tenant: Tenant, person_id: str) -> list[Element]:
    with access.act(tenant, person_id) as session:
        access.check(session, tenant, person_id, Permission.APPROVALS_READ)
    waiting = publishing.waiting(tenant, person_id)
    if len(waiting) > MAX_SHOWN:
        return [views.approvals_page(tenant, person_id)]
    return [views.approval(tenant, person_id, release.id) for release in waiting]


APPROVALS = Command(
    words="approvals",
    usage="approvals",
    says=mark("shows the releases that wait for a decision"),
    run=_run,
    is_personal=True,
    is_for=deciders,
)
