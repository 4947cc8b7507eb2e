"""grant [<person> <term>]: who asks for access and who holds it, or access given to somebody at once."""

import asyncio
import re

from adaptive_cards.elements import Element
from bot import access_views
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.grants import FOR_GOOD, ONCE
from tuning.domain.permissions import Permission
from tuning.domain.principals import Person
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
    if said is None:
        return access_views.overview(tenant, actor_id)
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.ACCESS_DECIDE)
    term = said["days"] or (ONCE if said["term"].casefold() == ONCE else FOR_GOOD)
    given = grants.give(tenant, actor_id, _person(tenant, said["who"]).id, term)
    return [access_views.settled(tenant, given)]


def _fitting(tenant: Tenant, text: str) -> list[Person]:
    known = tenant.people.person(text)
    return [known] if known else [one for one in tenant.people.search(text, 20) if isinstance(one, Person)]


def _person(tenant: Tenant, text: str) -> Person:
    near = _fitting(tenant, text)
    found = [one for one in near if text.casefold() in {one.name.casefold(), one.mail.casefold()}] or near
    if len(found) != 1:
        which = ", ".join(f"{one.name} ({one.mail})" for one in found[:5])
        several = say("That fits several people: {people}. Say which by mail.", people=which)
        msg = several if found else say("Nobody by that name is here.")
        raise InvalidInput(msg)
    return found[0]


def _is_to_somebody(tenant: Tenant, _person_id: str, text: str) -> bool:
    said = _TERM.fullmatch(text)
    return said is not None and bool(_fitting(tenant, said["who"]))


GRANT = Command(
    words="grant",
    usage="grant <person> <once, 7 days or for good>",
    says=mark("lets somebody make and tune agents; without a name: who asks for it and who may"),
    run=_run,
    is_for=admins,
    takes=_TO_MAIL,
    names=_is_to_somebody,
)
