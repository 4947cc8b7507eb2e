"""Who is looking at the page: a token of Entra tells, or in development on this machine the page's own address."""

import hmac

from aiohttp import web

from bot.errors import Unauthorised
from bot.nearness import is_from_here
from bot.tab.tokens import Tokens


class Visitors:
    """Tells visitors by one way only: by tokens where the app is registered, else by the key of this start."""

    def __init__(self, tokens: Tokens | None, key: str = "") -> None:
        """Take what reads tokens; without, the key that `attune up` made: with neither, nobody gets in."""
        self._tokens = tokens
        self._key = key

    async def person_id(self, request: web.Request) -> str:
        """Return the object id of who asks; raise `Unauthorised` if nothing proves it."""
        kind, _, proof = request.headers.get("Authorization", "").partition(" ")
        if self._tokens is not None and kind == "Bearer":
            return await self._tokens.person_id(proof)
        if self._tokens is None and kind == "Page" and self._key and is_from_here(request):
            person_id, _, key = proof.partition(":")
            if person_id and hmac.compare_digest(key.encode(), self._key.encode()):
                return person_id
        msg = "The request says nothing about who makes it."
        raise Unauthorised(msg)
