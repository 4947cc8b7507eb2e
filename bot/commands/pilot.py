"""pilot <agent> [groups or people]: how a release does that these get first, or more of them get it, up to all."""

import asyncio

from bot import identity, views
from bot.commands.command import ID_AND_MORE, Command, admins
from bot.commands.named import after_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput, Refusal
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import pilots

ALL = "all"


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent: **pilot**, its name or id, and, for more people, a group, a person, or **all**.")
        raise InvalidInput(msg)
    release = await asyncio.to_thread(_pilot, tenant, turn.incoming.person_id, rest)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


def _pilot(tenant: Tenant, actor_id: str, rest: str) -> Release:
    with access.act(tenant, actor_id) as session:
        agent, who = named(session, tenant, actor_id, Permission.RELEASE_APPROVE, rest)
    if not who:
        return pilots.current(tenant, actor_id, agent.id)
    if who.casefold() == ALL:
        return pilots.complete(tenant, actor_id, agent.id)
    return pilots.let_in(tenant, actor_id, agent.id, identity.principals(tenant, who))


def _is_for_somebody(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether a text is an agent and whom its pilot is for: what people ask about other pilots is a question."""
    who = after_agent(tenant, person_id, text)
    if not who or who.casefold() == ALL:
        return who is not None
    try:
        return bool(identity.principals(tenant, who))
    except Refusal:
        return False


PILOT = Command(
    words="pilot",
    usage="pilot <agent> [who]",
    says=mark("shows how a release does that chosen people get first; with a group, a person or all, more get it"),
    run=_run,
    is_for=admins,
    takes=ID_AND_MORE,
    names=_is_for_somebody,
)
