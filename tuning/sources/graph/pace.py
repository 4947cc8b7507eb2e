"""How many requests to Microsoft 365 are under way at once: fewer when it says that it is too busy, then more again."""

import asyncio
import ssl
import time
from types import TracebackType

import httpx

BUSY = frozenset({429, 503, 504})
MOST = 16
_ONE_BURST_S = 1.0
"""Refusals within so many seconds answer what was asked at once, and count as one."""


class Pace:
    """Places for requests, held by `async with`: halved when one is refused, one more when as many went well.

    Additive increase, multiplicative decrease, as Chiu and Jain (1989) found it to be fair and stable.
    """

    def __init__(self, most: int = MOST) -> None:
        """Take how many places there are at most, and at first."""
        self.places = most
        self._most = most
        self._held = 0
        self._well = 0
        self._slowed_at = float("-inf")
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._held < self.places)
            self._held += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._changed:
            self._held -= 1
            self._changed.notify_all()

    def note(self, *, is_busy: bool) -> None:
        """Take in how a request went."""
        if not is_busy:
            self._well += 1
            if self._well >= self.places:
                self.places, self._well = min(self.places + 1, self._most), 0
            return
        self._well = 0
        if time.monotonic() - self._slowed_at > _ONE_BURST_S:
            self.places, self._slowed_at = max(1, self.places // 2), time.monotonic()


class PacedTransport(httpx.AsyncHTTPTransport):
    """What every request goes through, also one that the SDK sends again; who waits for Retry-After holds no place."""

    def __init__(self, pace: Pace, *, verify: ssl.SSLContext, proxy: str | None) -> None:
        """Take the pace, whom to trust, and a proxy if there is one."""
        super().__init__(verify=verify, limits=httpx.Limits(max_connections=MOST), proxy=proxy)
        self._pace = pace

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once there is a place for it."""
        async with self._pace:
            response = await super().handle_async_request(request)
        self._pace.note(is_busy=response.status_code in BUSY)
        return response
