"""Sign-in of people: Teams is asked for a person's token, which is theirs beyond doubt before anything is done with it.

Teams hands the token straight to the bot; the Bot Framework's token service is not used (decision 12).
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

from bot.errors import NotDelivered, Unauthorised
from bot.turn import Incoming, InvokeReply, Json, Message, Scope, SignInCard, Turn
from tuning.domain.errors import Refusal
from tuning.domain.registration import missing_for_people
from tuning.languages import mark, say

if TYPE_CHECKING:
    from tuning.sources.graph.delegation import Delegations

logger = logging.getLogger(__name__)
WAIT_S = 5.0
"""How long an answer waits for Teams to hand a token over; it does so in less than a second, or not at all."""
ASK_EVERY_S = 900.0
"""Who is not signed in is asked no more often by themselves: where Teams can't do it silently, it shows a card."""
VALID_S = 600
"""How long what was asked for may be answered."""
TAKEN, NOT_TAKEN = 200, 412
"""Statuses by which Teams learns how an exchange went; after 412 it shows the card with its button."""
SAVE = "save"
"""The type of an activity that Teams doesn't know: a file is to be put into the person's OneDrive."""
MOST = 10_000
ASKING = mark("May Attune look into SharePoint and OneDrive as you? It sees what you may see, and only while you ask.")


class Tokens(Protocol):
    """What tells whose a token is."""

    async def person_id(self, token: str) -> str:
        """Return the object id of the person; raise `Unauthorised` for whatever proves nobody."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What was asked of Teams, as its id tells, which only this bot can make."""

    id: str
    draft_id: str
    """The file that is to be saved once the person is signed in; empty: none."""


class SignIns:
    """Asks Teams for people's tokens and takes them; of a person nothing outlives the process."""

    def __init__(
        self,
        tokens: Tokens,
        delegations: "Delegations",
        *,
        secret: str,
        resource: str,
        page: str,
        wait_s: float = WAIT_S,
    ) -> None:
        """Take what reads tokens and what exchanges them, a secret of the bot's, and the resource that tokens are for.

        The page is where people sign in who can't be silently.
        """
        self.delegations = delegations
        self._tokens = tokens
        self._key = hashlib.sha256(f"attune sign-in {secret}".encode()).digest()
        self._resource = resource
        self._page = page
        self._wait_s = wait_s
        self._asked_at: dict[str, float] = {}
        self._arrivals: dict[str, asyncio.Event] = {}
        self._answers: dict[str, asyncio.Task[bool]] = {}

    async def permissions(
        self, turn: Turn, *, is_asked_for: bool = False, is_waited_for: bool = True
    ) -> frozenset[str] | None:
        """Return what Attune may do for who sent the activity; None: nothing at the moment.

        In personal chat Teams is asked first, if nobody has asked it lately, and given a few seconds, unless nobody
        waits for that yet. In a group everybody would see it.
        """
        person_id = turn.incoming.person_id
        found = self.delegations.permissions(person_id)
        if is_asked_for and found is not None and missing_for_people(found):
            found = None  # an admin may have consented since
        asked_s = time.monotonic() - self._asked_at.get(person_id, float("-inf"))
        if found is None and turn.incoming.scope is Scope.PERSONAL and (is_asked_for or asked_s > ASK_EVERY_S):
            await self.ask(turn)
        return await self._arrived(person_id) if is_waited_for and found is None else found

    async def ask(self, turn: Turn, draft_id: str = "") -> None:
        """Ask Teams for the token of whose personal chat this is; given a draft, it is saved once that is there."""
        person_id = turn.incoming.person_id
        if len(self._asked_at) >= MOST:
            self._asked_at.clear()
            self._arrivals.clear()
        self._asked_at[person_id] = time.monotonic()
        self._arrivals[person_id] = asyncio.Event()
        await self._send(turn, draft_id)

    async def _arrived(self, person_id: str) -> frozenset[str] | None:
        """Wait for a token that was asked for a moment ago."""
        arrival = self._arrivals.get(person_id)
        left_s = self._wait_s - (time.monotonic() - self._asked_at.get(person_id, float("-inf")))
        if arrival is not None and left_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(arrival.wait(), left_s)
        return self.delegations.permissions(person_id)

    async def exchange(self, incoming: Incoming) -> tuple[InvokeReply, Incoming | None]:
        """Take a token that Teams hands over, once for all of a person's clients; return also what to go on with."""
        value = incoming.value if isinstance(incoming.value, dict) else {}
        token, request = value.get("token"), self._request(incoming, value.get("id"))
        named: Json = {key: value[key] for key in ("id", "connectionName") if isinstance(value.get(key), str)}
        if request is None or not isinstance(token, str):
            logger.warning("A sign-in was turned away: it answers nothing that was asked of this person here")
            return _not_taken(named), None
        is_first = request.id not in self._answers
        if is_first:
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[request.id] = asyncio.create_task(self._take(incoming.person_id, token))
        if not await asyncio.shield(self._answers[request.id]):
            return _not_taken(named), None
        next_ = replace(incoming, type=SAVE, text=request.draft_id, value=None)
        return InvokeReply(status=TAKEN, body=named), next_ if is_first and request.draft_id else None

    async def signed_in(self, turn: Turn) -> InvokeReply:
        """Ask again after a person has signed in on the page: now Teams can hand the token over."""
        value = turn.incoming.value if isinstance(turn.incoming.value, dict) else {}
        request = self._request(turn.incoming, value.get("state"))
        if request is None:
            logger.warning("The end of a sign-in was turned away: nothing was asked of this person here")
            return InvokeReply(status=NOT_TAKEN)
        try:
            await self._send(turn, request.draft_id)
        except NotDelivered as refused:
            logger.warning("A person who had signed in could not be asked again: %s", refused)
        return InvokeReply(body={})

    def failed(self, incoming: Incoming) -> InvokeReply:
        """Note that Teams could not get a token."""
        value = incoming.value if isinstance(incoming.value, dict) else {}
        code = str(value.get("code"))[:60]
        hint = ": is the Application ID URI in Entra what the manifest says?" if code == "resourcematchfailed" else ""
        logger.warning("Teams could not sign a person in (%s)%s", code if code.isalnum() else "?", hint)
        self._end_wait(incoming.person_id)
        return InvokeReply(body={})

    async def _take(self, person_id: str, token: str) -> bool:
        try:
            if await self._tokens.person_id(token) != person_id:
                logger.warning("A token of a sign-in was turned away: it is another person's")
                return False
            await asyncio.to_thread(self.delegations.take, person_id, token)
        except Unauthorised as error:
            logger.warning("A token of a sign-in was turned away: %s", error)
            return False
        except Refusal as refusal:
            logger.warning("A sign-in led to nothing: %s", refusal.english)
            return False
        except Exception as error:  # noqa: BLE001 - msal quotes tokens in some of its errors, and Teams wants an answer
            logger.error("A sign-in could not be dealt with: %s", type(error).__name__)  # noqa: TRY400 - the same
            return False
        finally:
            self._end_wait(person_id)
        return True

    def _end_wait(self, person_id: str) -> None:
        if (arrival := self._arrivals.pop(person_id, None)) is not None:
            arrival.set()

    async def _send(self, turn: Turn, draft_id: str) -> None:
        request_id = self._id(turn.incoming, draft_id)
        url = f"{self._page}?{urlencode({'state': request_id}, quote_via=quote)}"
        await turn.send(Message(sign_in=SignInCard(id=request_id, resource=self._resource, url=url, about=say(ASKING))))

    def _id(self, incoming: Incoming, draft_id: str) -> str:
        words = f"{int(time.time()) + VALID_S}.{secrets.token_hex(8)}.{draft_id}"
        return f"{words}.{self._mark(incoming, words)}"

    def _request(self, incoming: Incoming, request_id: object) -> _Request | None:
        """Return what an id stands for; None if the bot did not make it for this person and chat, or too long ago."""
        if not isinstance(request_id, str) or request_id.count(".") != 3:  # noqa: PLR2004 - as `_id` makes it
            return None
        words, _, mark_ = request_id.rpartition(".")
        if not hmac.compare_digest(mark_.encode(), self._mark(incoming, words).encode()):
            return None
        until, _, draft_id = words.split(".")
        return _Request(id=request_id, draft_id=draft_id) if time.time() <= int(until) else None

    def _mark(self, incoming: Incoming, words: str) -> str:
        meant = f"{incoming.person_id}\n{incoming.chat_id}\n{words}"
        return hmac.new(self._key, meant.encode(), hashlib.sha256).hexdigest()


def _not_taken(named: Json) -> InvokeReply:
    return InvokeReply(status=NOT_TAKEN, body={**named, "failureDetail": "The token could not be exchanged."})
