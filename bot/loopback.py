"""Teams on loopback: the other end of the Bot Framework's protocol, for the demo and for tests.

It posts activities to the bot as Teams does, and answers the bot's own calls as the Bot Connector does. It knows
nothing of the bot but its URL.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

import aiohttp
from aiohttp import web

Json = dict[str, Any]
BOT = {"id": "28:attune", "name": "Attune"}
TIMEOUT_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message that the bot sent to a chat, as it stands now."""

    id: str
    activity: Json
    number: int
    """In the order of arrival over all chats; an update counts anew."""

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.activity.get("text") or "")

    @property
    def card(self) -> Json | None:
        """The adaptive card that came with it."""
        for attachment in self.activity.get("attachments") or []:
            if attachment.get("contentType") == "application/vnd.microsoft.card.adaptive":
                return dict(attachment["content"])
        return None


class Loopback:
    """A Bot Connector that keeps what the bot says, chat by chat."""

    def __init__(self, bot_url: str) -> None:
        """Take where the bot listens, such as http://127.0.0.1:3978."""
        self.bot_url = bot_url
        self.service_url = ""
        self.messages: dict[str, dict[str, Sent]] = {}
        self.refuse = ""
        """With this sentence chunks of streams are refused, as when a person presses Stop."""
        self.confirms = asyncio.Event()
        """While it is cleared, people see messages, but the bot is not told that they have arrived."""
        self.confirms.set()
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Listen on a free port of the loopback address."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/v3/conversations/{chat}/activities", self._post)
        app.router.add_post("/v3/conversations/{chat}/activities/{id}", self._post)
        app.router.add_put("/v3/conversations/{chat}/activities/{id}", self._put)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.service_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def deliver(self, activity: Json) -> tuple[int, Any]:
        """Post an activity to the bot and return the status and the body it answered with."""
        if self._session is None:
            msg = "Enter the loopback before posting through it."
            raise RuntimeError(msg)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with self._session.post(f"{self.bot_url}/api/messages", json=activity, timeout=timeout) as answer:
            body = await answer.json() if answer.content_type == "application/json" else None
            return answer.status, body

    async def wait_for(self, chat_id: str, wanted: Callable[[Sent], bool], *, after: int, timeout_s: float) -> Sent:
        """Return the first message of a chat that is wanted and newer than a number; raise `TimeoutError`."""
        async with asyncio.timeout(timeout_s), self._changed:
            while True:
                found = [
                    sent for sent in self.messages.get(chat_id, {}).values() if sent.number > after and wanted(sent)
                ]
                if found:
                    return min(found, key=lambda sent: sent.number)
                await self._changed.wait()

    def latest(self, chat_id: str) -> int:
        """Return the number of the newest message of a chat; 0 for a silent one."""
        return max((sent.number for sent in self.messages.get(chat_id, {}).values()), default=0)

    async def _post(self, request: web.Request) -> web.Response:
        activity = await request.json()
        stream: Json = next((entity for entity in activity.get("entities") or [] if entity["type"] == "streaminfo"), {})
        if self.refuse and stream.get("streamType") in {"streaming", "final"}:
            error = {"code": "ContentStreamNotAllowed", "message": self.refuse}
            return web.json_response({"error": error}, status=web.HTTPForbidden.status_code)
        activity_id = stream.get("streamId") or f"m{uuid4().hex[:12]}"
        if activity["type"] == "message":
            await self._keep(request.match_info["chat"], activity_id, activity)
            await self.confirms.wait()
        return web.json_response({"id": activity_id}, status=201)

    async def _put(self, request: web.Request) -> web.Response:
        activity_id = request.match_info["id"]
        await self._keep(request.match_info["chat"], activity_id, await request.json())
        return web.json_response({"id": activity_id})

    async def _keep(self, chat_id: str, activity_id: str, activity: Json) -> None:
        async with self._changed:
            sent = Sent(id=activity_id, activity=activity, number=next(self._numbers))
            self.messages.setdefault(chat_id, {})[activity_id] = sent
            self._changed.notify_all()


class PersonalChat:
    """A person's own chat with the bot, or what one person does in a group's."""

    def __init__(
        self,
        loopback: Loopback,
        *,
        person_id: str,
        name: str,
        tenant_id: str,
        scope: str = "personal",
        locale: str = "en-GB",
    ) -> None:
        """Take a person of the organisation, the chat's kind as Teams names it, and the language of their client."""
        self.loopback = loopback
        self.person_id = person_id
        self.name = name
        self.chat_id = f"a:{person_id}" if scope == "personal" else f"19:{scope}"
        self._tenant_id = tenant_id
        self._scope = scope
        self._locale = locale

    async def open(self) -> None:
        """Install the bot for this person."""
        members = {"membersAdded": [BOT]}
        await self.loopback.deliver(self._activity("conversationUpdate", **members))

    async def say(
        self, text: str, *, wanted: Callable[[Sent], bool] = lambda _: True, timeout_s: float = TIMEOUT_S
    ) -> Sent:
        """Write a message and return the bot's first message after it (that is wanted)."""
        after = self.loopback.latest(self.chat_id)
        await self.loopback.deliver(self._activity("message", text=text, textFormat="plain"))
        return await self.loopback.wait_for(self.chat_id, wanted, after=after, timeout_s=timeout_s)

    async def wait(self, wanted: Callable[[Sent], bool], *, after: int = 0, timeout_s: float = TIMEOUT_S) -> Sent:
        """Return the bot's first message that is wanted and newer than a number."""
        return await self.loopback.wait_for(self.chat_id, wanted, after=after, timeout_s=timeout_s)

    async def press(self, card: Json, title: str, **inputs: str) -> Json | str:
        """Press the button of that title with the inputs filled in; return the card or the text that answers.

        Inputs that are not named keep the values that the card shows.

        Raises:
            LookupError: the card has no such button.
        """
        action = find_action(card, title)
        # Clients leave out what is empty, as Microsoft's own library for cards does.
        filled = {key: value for key, value in {**default_inputs(card), **inputs}.items() if value != ""}
        data = {**dict(action.get("data") or {}), **filled}
        value = {"action": {"type": "Action.Execute", "title": title, "verb": action.get("verb", ""), "data": data}}
        status, body = await self.loopback.deliver(self._activity("invoke", name="adaptiveCard/action", value=value))
        if status != web.HTTPOk.status_code or not isinstance(body, dict):
            msg = f"Pressing '{title}' was answered with {status}: {body}."
            raise RuntimeError(msg)
        answer: Json | str = body["value"]
        return answer

    async def thumb(self, message: Sent, reaction: str, comment: str = "") -> int:
        """Press a thumb below an answer as Teams reports it, and return the HTTP status."""
        value = {
            "actionName": "feedback",
            "actionValue": {"reaction": reaction, "feedback": f'{{"feedbackText":"{comment}"}}'},
        }
        activity = self._activity("invoke", name="message/submitAction", value=value, replyToId=message.id)
        status, _ = await self.loopback.deliver(activity)
        return status

    async def deliver(self, kind: str, **fields: Any) -> tuple[int, Any]:
        """Send an activity of this person, and return the status and the body it was answered with."""
        return await self.loopback.deliver(self._activity(kind, **fields))

    def _activity(self, kind: str, **fields: Any) -> Json:
        return {
            "type": kind,
            "id": f"u{uuid4().hex[:12]}",
            "timestamp": datetime.now(UTC).isoformat(),
            "channelId": "msteams",
            "serviceUrl": self.loopback.service_url,
            "from": {"id": f"29:{self.person_id}", "name": self.name, "aadObjectId": self.person_id},
            "conversation": {"id": self.chat_id, "conversationType": self._scope, "tenantId": self._tenant_id},
            "recipient": BOT,
            "channelData": {"tenant": {"id": self._tenant_id}},
            "locale": self._locale,
            **fields,
        }


def find_action(card: Any, title: str) -> Json:
    """Return the action of that title anywhere in a card; raise `LookupError` with the titles that there are."""
    actions = [node for node in _nodes(card) if str(node.get("type", "")).startswith("Action.")]
    for action in actions:
        if action.get("title") == title and action["type"] in {"Action.Execute", "Action.Submit"}:
            return action
    there = ", ".join(f"'{action.get('title')}'" for action in actions) or "none"
    said = " / ".join(texts(card))
    raise LookupError(f"There is no button '{title}' on the card that says '{said}'; there are: {there}.")


def default_inputs(card: Any) -> Json:
    """Return what a card's inputs hold before anybody touches them."""
    return {
        str(node["id"]): node.get("value", "")
        for node in _nodes(card)
        if str(node.get("type", "")).startswith("Input.") and "id" in node
    }


def texts(card: Any) -> list[str]:
    """Return all text blocks of a card, top to bottom."""
    return [str(node["text"]) for node in _nodes(card) if node.get("type") == "TextBlock"]


def _nodes(value: Any) -> list[Json]:
    """Return every object in a card, outer ones first; fallbacks are what other clients see."""
    if isinstance(value, list):
        return [node for item in value for node in _nodes(item)]
    if not isinstance(value, dict):
        return []
    inner = [node for key, item in value.items() if key != "fallback" for node in _nodes(item)]
    return [value, *inner]
