"""Messages to Teams over HTTP: where they may go, how fast, and what happens when Teams says 'later'."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import quote, urlsplit

import aiohttp

from bot.errors import NotDelivered
from bot.turn import Json

logger = logging.getLogger(__name__)
RETRIED = frozenset({412, 429, 500, 502, 503, 504})
ATTEMPTS = 5
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
TIMEOUT_S = 15.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Connector:
    """The client of the Bot Connector service; one per process."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        hosts: Collection[str],
        is_loopback_allowed: bool,
        token: Callable[[], Awaitable[str]],
    ) -> None:
        """Take the hosts that replies may go to, and where the bearer token comes from (empty: none is sent)."""
        self._session = session
        self._hosts = frozenset(hosts)
        self._is_loopback_allowed = is_loopback_allowed
        self._token = token

    def trusts(self, service_url: str) -> bool:
        """Say whether replies, with the bot's token, may be sent there."""
        try:
            parts = urlsplit(service_url)
            host = parts.hostname or ""
        except ValueError:
            return False
        if self._is_loopback_allowed and host in LOOPBACK:
            return True
        return parts.scheme == "https" and host in self._hosts and parts.username is None

    async def post(self, reference: Json, activity: Json, *, is_retried: bool = True) -> str:
        """Send an activity to a chat and return the id that it got."""
        return await self._call("POST", self._url(reference), activity, is_retried=is_retried)

    async def put(self, reference: Json, activity_id: str, activity: Json, *, is_retried: bool = True) -> None:
        """Replace an activity."""
        url = f"{self._url(reference)}/{quote(activity_id, safe='')}"
        await self._call("PUT", url, {**activity, "id": activity_id}, is_retried=is_retried)

    def _url(self, reference: Json) -> str:
        service_url = str(reference.get("serviceUrl", ""))
        if not self.trusts(service_url):
            raise NotDelivered(0, f"'{service_url}' is not among the hosts that replies may be sent to.")
        chat_id = quote(str(reference["conversation"]["id"]), safe="")
        return f"{service_url.rstrip('/')}/v3/conversations/{chat_id}/activities"

    async def _call(self, method: str, url: str, activity: Json, *, is_retried: bool) -> str:
        last = NotDelivered(0, "No attempt was made.")
        for attempt in range(ATTEMPTS if is_retried else 1):
            if attempt:
                await asyncio.sleep(_pause_s(attempt, last))
            try:
                return await self._try(method, url, activity)
            except _Later as later:
                last = later
                logger.warning("%s; attempt %d", later, attempt + 1)
        raise NotDelivered(last.status, last.sentence)

    async def _try(self, method: str, url: str, activity: Json) -> str:
        try:
            token = await self._token()
        except NotDelivered as error:
            raise _Later(0, error.sentence, "") from error
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._session.request(
                method, url, json=activity, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status in RETRIED:
                    raise _Later(response.status, await response.text(), response.headers.get("Retry-After", ""))
                if response.status >= 300:  # noqa: PLR2004 - every success is below, redirects included
                    raise NotDelivered(response.status, await response.text())
                answer = await response.json(content_type=None) if response.content_length != 0 else {}
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _Later(0, str(error) or type(error).__name__, "") from error
        except ValueError:
            answer = {}
        found = answer.get("id") if isinstance(answer, dict) else None
        return found if isinstance(found, str) else ""


class _Later(NotDelivered):
    """Teams may take the message in a while."""

    def __init__(self, status: int, sentence: str, retry_after: str) -> None:
        super().__init__(status, sentence)
        self.retry_after_s = float(retry_after) if retry_after.replace(".", "", 1).isdigit() else 0.0


def _pause_s(attempt: int, last: NotDelivered) -> float:
    wanted = last.retry_after_s if isinstance(last, _Later) else 0.0
    backoff = FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
    return float(min(max(wanted, backoff), LONGEST_PAUSE_S))
