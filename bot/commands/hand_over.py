"""hand over <agent> to <person>: an agent gets another owner."""

import asyncio
import re

from adaptive_cards.elements import Element
from bot import identity, tending_views
from bot.commands.command import ID_AND_MORE, Command, owners_and_admins
from bot.commands.named import after_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.governance import access, tending
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

_TO = re.compile(r"to\s+(?P<who>.+)", re.IGNORECASE)


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(_hand_over, tenant, turn.incoming.person_id, rest)))


def _hand_over(tenant: Tenant, actor_id: str, rest: str) -> Element:
    how = say("Say which agent and to whom: **hand over** Travel **to** somebody@example.com.")
    if not rest:
        raise InvalidInput(how)
    with access.act(tenant, actor_id) as session:
        agent, more = named(session, tenant, actor_id, Permission.AGENT_HAND_OVER, rest)
    said = _TO.fullmatch(more)
    if said is None:
        raise InvalidInput(how)
    heir = identity.named(tenant, said["who"])
    return tending_views.gone(tenant, tending.hand_over(tenant, actor_id, agent.id, heir.id))


def _is_to_somebody(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether a text names an agent and then somebody; "hand over Travel to Lisbon" is a question."""
    more = after_agent(tenant, person_id, text)
    said = _TO.fullmatch(more or "")
    return more == "" or (said is not None and ("@" in said["who"] or bool(identity.fitting(tenant, said["who"]))))


HAND_OVER = Command(
    words="hand over",
    usage="hand over <agent> to <person>",
    says=mark("makes somebody else the owner of an agent"),
    run=_run,
    is_for=owners_and_admins,
    takes=ID_AND_MORE,
    names=_is_to_somebody,
)
