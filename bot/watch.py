"""Whether anything was decided since: one look at the store for all answers that are under way."""

import asyncio
import time

from tuning.governance.tenant import Tenant
from tuning.store import audit

LOOK_EVERY_S = 0.1
"""How often the store is looked at, however many ask."""
CHECK_EVERY_S = 0.25
"""How often each answer asks: its last word comes well within a second of an admin's decision."""
ANYWAY_EVERY_S = 5.0
"""What nobody decides counts within this time: a membership that has ended elsewhere, or access for a while."""


class Watch:
    """Every act leaves an event in the audit, in its own transaction: without a new one, nothing was decided."""

    def __init__(self, tenant: Tenant) -> None:
        """Look at nothing yet."""
        self._tenant = tenant
        self._lock = asyncio.Lock()
        self._looked_at = float("-inf")
        self._newest = 0

    async def newest(self) -> int:
        """Return the number of the audit's newest event, as it was a moment ago."""
        async with self._lock:
            now = time.monotonic()
            if now - self._looked_at > LOOK_EVERY_S:
                self._newest = await asyncio.to_thread(self._look)
                self._looked_at = now
            return self._newest

    def _look(self) -> int:
        with self._tenant.store.reading() as session:
            return audit.newest(session)


class Lookout:
    """One answer's: says when it must be checked again whether it may go on."""

    def __init__(self, watch: Watch) -> None:
        """Nothing was checked yet but what was before the answer began."""
        self._watch = watch
        self._asked_at = self._checked_at = time.monotonic()
        self._known: int | None = None

    async def is_due(self) -> bool:
        """Return whether to check now: something was decided, or the last check is long ago."""
        now = time.monotonic()
        if now - self._asked_at <= CHECK_EVERY_S:
            return False
        self._asked_at = now
        newest = await self._watch.newest()  # before the check, so that what is decided during it is seen by the next
        if newest == self._known and now - self._checked_at <= ANYWAY_EVERY_S:
            return False
        self._known, self._checked_at = newest, now
        return True
