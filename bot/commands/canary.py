"""canary <agent> [share]: how a release does that a share of people get, or more of them get it, up to all."""

import asyncio
import re

from bot import views
from bot.commands.command import ID_AND_MORE, Command, admins
from bot.commands.named import after_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.domain.releases import WHOLE, Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import rollouts

_SHARE = re.compile(r"(\d{1,3}) ?%?|all", re.IGNORECASE)


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent: **canary**, its name or id, and, for more people, a share such as 50, or **all**.")
        raise InvalidInput(msg)
    release = await asyncio.to_thread(_canary, tenant, turn.incoming.person_id, rest)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


def _canary(tenant: Tenant, actor_id: str, rest: str) -> Release:
    with access.act(tenant, actor_id) as session:
        agent, share = named(session, tenant, actor_id, Permission.RELEASE_APPROVE, rest)
    if not share:
        return rollouts.current(tenant, actor_id, agent.id)
    found = _SHARE.fullmatch(share)
    if found is None:
        msg = say(
            "'{text}' is no share: **canary**, the agent, and 50 for 50 % of its audience, or **all**.", text=share
        )
        raise InvalidInput(msg)
    return rollouts.widen(tenant, actor_id, agent.id, int(found[1]) if found[1] else WHOLE)


def _is_shared(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether a text is an agent and a share: what people ask about other canaries is a question."""
    share = after_agent(tenant, person_id, text)
    return share is not None and (not share or _SHARE.fullmatch(share) is not None)


CANARY = Command(
    words="canary",
    usage="canary <agent> [share]",
    says=mark("shows how a release does that some people get first; with 50 or all, more of them get it"),
    run=_run,
    is_for=admins,
    takes=ID_AND_MORE,
    names=_is_shared,
)
