"""erase <person or document>: what would go, and a button that erases it for good."""

import asyncio
import re

from bot import erasure_views
from bot.commands.command import ID, Command, admins
from bot.turn import Message, Turn
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark

_OBJECT_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""A person who is in the directory no more is known by nothing else."""


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(erasure_views.ask, tenant, turn.incoming.person_id, rest)))


def _is_known(tenant: Tenant, person_id: str, text: str) -> bool:
    """Say whether an admin names somebody, or a document; nobody else finds that out by it."""
    return access.is_admin(tenant, person_id) and erasure_views.is_about(tenant, text)


ERASE = Command(
    words="erase",
    usage="erase <person or document>",
    says=mark("deletes what a person said and sent, or a document, and stops what learned from it; asks first"),
    run=_run,
    is_personal=True,
    is_for=admins,
    takes=re.compile(rf"{ID.pattern}|{_OBJECT_ID}", re.IGNORECASE),
    names=_is_known,
)
