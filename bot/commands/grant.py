"""grant [<person> <term>]: who asks for access and who holds it, or access given to somebody at once."""

import asyncio
import re

from adaptive_cards.elements import Element
from bot import access_views, identity
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.grants import FOR_GOOD, ONCE
from tuning.domain.permissions import Permission
from tuning.governance import access, grants
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

_TERM = re.compile(rf"(?P<who>.+?) (?:for )?(?P<term>{ONCE}|(?P<days>\d{{1,4}}) days?|{FOR_GOOD}|good)", re.IGNORECASE)

_TO_MAIL = re.compile(r"\S+@\S+ .+", re.IGNORECASE)


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    for card in await asyncio.to_thread(_cards, tenant, turn.incoming.person_id, rest):
        await turn.send(Message(card=card))


def _cards(tenant: Tenant, actor_id: str, rest: str) -> list[Element]:
    said = _TERM.fullmatch(rest)
    if said is None and rest:
        raise InvalidInput(say("Say for how long: **grant**, the person, and 'once', '7 days' or 'for good'."))
    if said is None:
        return access_views.overview(tenant, actor_id)
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.ACCESS_DECIDE)
    term = said["days"] or (ONCE if said["term"].casefold() == ONCE else FOR_GOOD)
    given = grants.give(tenant, actor_id, identity.named(tenant, said["who"]).id, term)
    return [access_views.settled(tenant, given)]


def _is_to_somebody(tenant: Tenant, _person_id: str, text: str) -> bool:
    said = _TERM.fullmatch(text)
    return said is not None and bool(identity.fitting(tenant, said["who"]))


GRANT = Command(
    words="grant",
    usage="grant <person> <once, 7 days or for good>",
    says=mark("lets somebody make and tune agents; without a name: who asks for it and who may"),
    run=_run,
    is_personal=True,
    is_for=admins,
    takes=_TO_MAIL,
    names=_is_to_somebody,
)
