"""approve <id> [pilot Staff | canary 10] [note]: a submitted release goes live, for all or first for some of them."""

import asyncio
import re

from bot import identity, views
from bot.commands.command import ID_AND_MORE, Command, admins
from bot.commands.named import begins_with_release
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import pilots, publishing, rollouts
from tuning.store import releases

_PILOT = re.compile(r"pilot\b[\s:]*", re.IGNORECASE)
_SHARED = re.compile(r"canary\b", re.IGNORECASE)
_SHARE = re.compile(r"canary (\d{1,3})(?: ?%)?(?: (.+))?", re.IGNORECASE | re.DOTALL)


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    release_id, _, reason = rest.partition(" ")
    if not release_id:
        msg = say("Say which release: **approve** and its id. Send **approvals** to see what waits.")
        raise InvalidInput(msg)
    actor_id = turn.incoming.person_id
    if _PILOT.match(reason) is not None:
        release = await asyncio.to_thread(_begin_pilot, tenant, actor_id, release_id.lower(), reason)
    elif _SHARED.match(reason) is None:
        release = await asyncio.to_thread(publishing.approve, tenant, actor_id, release_id.lower(), reason)
    elif found := _SHARE.fullmatch(reason):
        share, note = int(found[1]), found[2] or ""
        release = await asyncio.to_thread(rollouts.begin, tenant, actor_id, release_id.lower(), share, note)
    else:
        msg = say("Say for what share of the audience: **approve**, the id, **canary** and 10 for 10 %.")
        raise InvalidInput(msg)
    await turn.send(Message(card=await asyncio.to_thread(views.decided, tenant, release)))


def _begin_pilot(tenant: Tenant, actor_id: str, release_id: str, text: str) -> Release:
    with access.act(tenant, actor_id, release_id) as session:
        # First of all, so that nobody else searches the directory by it.
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, releases.get(session, release_id))
    return pilots.begin(tenant, actor_id, release_id, identity.principals(tenant, _PILOT.sub("", text, count=1)))


APPROVE = Command(
    words="approve",
    usage="approve <id> [pilot Staff] [canary 10] [note]",
    says=mark("lets a submitted release go live, with pilot and names for these first, with canary 10 for 10 %"),
    run=_run,
    is_for=admins,
    takes=ID_AND_MORE,
    names=begins_with_release,
)
