"""The public keys that Microsoft signs with, fetched again when an unknown one turns up."""

import asyncio
import logging
from typing import Any

import aiohttp
import jwt
from aiohttp import ClientSession, ClientTimeout

from bot.errors import Unauthorised
from bot.turn import Json

logger = logging.getLogger(__name__)
TIMEOUT_S = 5.0
AGE_S = 24 * 3600.0
UNKNOWN_KEY_PAUSE_S = 60.0
"""Between two look-ups: forged tokens must not make the bot ask all the time."""


class SigningKeys:
    """The keys behind one OpenID metadata address; for activities, in place of botbuilder's cache.

    That one blocks without a time limit, and fails on a new key before it looks for it.
    """

    def __init__(self, session: ClientSession, url: str) -> None:
        """Take the address of the metadata; nothing is fetched yet."""
        self._session = session
        self._url = url
        self._keys: dict[str, Json] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, key_id: str) -> "SigningKey":
        """Return a key by its id; raise `Unauthorised` if Microsoft has none like it."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            age_s, is_due = now - self._fetched_at, now - self._tried_at > UNKNOWN_KEY_PAUSE_S
            if is_due and (age_s > AGE_S or key_id not in self._keys):
                self._tried_at = now
                await self._renew(now)
        if key_id not in self._keys:
            msg = "The token is signed with an unknown key."
            raise Unauthorised(msg)
        return SigningKey(self._keys[key_id])

    async def _renew(self, now: float) -> None:
        """Fetch the keys; while Microsoft doesn't answer, those that are known go on."""
        try:
            self._keys, self._fetched_at = await self._fetch(), now
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            logger.warning("Microsoft's signing keys could not be fetched: %r", error)

    async def _fetch(self) -> dict[str, Json]:
        metadata = await self._json(self._url)
        found = await self._json(metadata["jwks_uri"])
        return {key["kid"]: key for key in found["keys"]}

    async def _json(self, url: str) -> Any:
        async with self._session.get(url, timeout=ClientTimeout(total=TIMEOUT_S)) as response:
            response.raise_for_status()
            return await response.json(content_type=None)


class SigningKey:
    """A key in the form that botbuilder's token extractor reads."""

    def __init__(self, key: Json) -> None:
        """Take a key as it stands in a JWKS; raise `jwt.PyJWTError` if it is no RSA key."""
        self.public_key = jwt.PyJWK(key, algorithm="RS256").key
        self.endorsements = key.get("endorsements", [])
