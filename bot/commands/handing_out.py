"""A file on a release that a command hands out: offered in personal chat, for the person's OneDrive."""

import asyncio
from collections.abc import Callable

from bot.files import NOT_HERE, offer
from bot.turn import Scope, Turn
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import say

Maker = Callable[[Tenant, str, str, str], Draft]
"""Makes the file for a person, of a release, in a chat; checks that the person may have it."""


async def hand_out(tenant: Tenant, turn: Turn, release_id: str, make: Maker) -> None:
    """Offer the file, and keep it until the person decides; raise `InvalidInput` where Teams takes no files."""
    incoming = turn.incoming
    if incoming.scope is not Scope.PERSONAL:
        raise InvalidInput(say(NOT_HERE))
    draft = await asyncio.to_thread(make, tenant, incoming.person_id, release_id.lower(), incoming.chat_id)
    await offer(tenant, turn, draft)
