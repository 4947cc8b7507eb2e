"""The bot's own token without a secret: from the identity that Azure has given the machine."""

import asyncio

import aiohttp

from bot.errors import NotDelivered

METADATA_URL = "http://169.254.169.254/metadata/identity/oauth2/token"
"""Answers on machines in Azure only, and only to the machine itself."""
RESOURCE = "https://api.botframework.com"
TIMEOUT_S = 10.0
EARLY_S = 300.0
"""How long before its end a token is replaced."""


class IdentityToken:
    """The bearer token of a user-assigned managed identity, asked for when the last one ends."""

    def __init__(self, session: aiohttp.ClientSession, client_id: str, url: str = METADATA_URL) -> None:
        """Take the identity's client id, which is the bot's application id."""
        self._session = session
        self._client_id = client_id
        self._url = url
        self._token = ""
        self._until = float("-inf")
        self._lock = asyncio.Lock()

    async def __call__(self) -> str:
        """Return a token that is valid now; raise `NotDelivered` if the machine has no such identity."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now >= self._until:
                self._token, seconds = await self._ask()
                self._until = now + seconds - EARLY_S
            return self._token

    async def _ask(self) -> tuple[str, float]:
        wanted = {"api-version": "2018-02-01", "resource": RESOURCE, "client_id": self._client_id}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._session.get(
                self._url, params=wanted, headers={"Metadata": "true"}, timeout=timeout, allow_redirects=False
            ) as response:
                response.raise_for_status()
                given = await response.json(content_type=None)
                return str(given["access_token"]), float(given["expires_in"])
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            msg = f"The machine's managed identity gives no token: assign it to the machine in Azure ({error!r})."
            raise NotDelivered(0, msg) from error
