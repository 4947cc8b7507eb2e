"""whois <name>: who somebody is, what they own and whom they can ask."""

import asyncio
import re

from bot import views
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

_NAME = re.compile(r"[^?]+")


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say who: **whois** and a name, a mail address or an object id.")
        raise InvalidInput(msg)
    await turn.send(Message(card=await asyncio.to_thread(views.whois, tenant, turn.incoming.person_id, rest)))


WHOIS = Command(
    words="whois",
    usage="whois <name>",
    says=mark("shows who somebody is, what they own and whom they can ask"),
    run=_run,
    is_personal=True,
    is_for=admins,
    takes=_NAME,
)
