"""A chat in memory: what a handler sent, updated and streamed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.errors import StreamStopped
from bot.turn import Incoming, Message, Scope


class FakeTurn:
    """One activity of a person, 'bo' unless said otherwise."""

    def __init__(self, text: str = "", *, stops_after: int | None = None, **values: Any) -> None:
        self.incoming = Incoming(
            **{
                "type": "message",
                "activity_id": "in",
                "text": text,
                "person_id": "bo",
                "chat_id": "chat",
                "scope": Scope.PERSONAL,
                "reference": {"serviceUrl": "http://127.0.0.1", "conversation": {"id": "chat"}},
                **values,
            }
        )
        self.sent: list[Message] = []
        self.updates: dict[str, Message] = {}
        self.informed: list[str] = []
        self.chunks: list[str] = []
        self.is_typing = False
        self.permissions: frozenset[str] | None = None
        self.signed_in = 0
        self.activity_id = ""
        self._stops_after = stops_after

    @property
    def said(self) -> str:
        """The last message's text."""
        return self.sent[-1].text

    async def send(self, message: Message) -> str:
        self.sent.append(message)
        return f"out{len(self.sent)}"

    async def update(self, activity_id: str, message: Message) -> None:
        self.updates[activity_id] = message

    async def typing(self) -> None:
        self.is_typing = True

    async def sign_in(self, *, is_asked_for: bool = False, is_waited_for: bool = True) -> frozenset[str] | None:
        self.signed_in += 1
        return self.permissions

    @asynccontextmanager
    async def stream(self, activity_id: str = "") -> AsyncIterator["FakeTurn"]:
        self.activity_id = activity_id
        yield self

    async def inform(self, text: str) -> None:
        self.informed.append(text)

    async def write(self, text: str) -> None:
        if self._stops_after is not None and len(self.chunks) >= self._stops_after:
            raise StreamStopped
        self.chunks.append(text)

    async def finish(self, message: Message) -> str:
        return await self.send(message)
