"""A turn over the Bot Connector: sending, updating and streaming into one Teams chat."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from bot import activities
from bot.activities import Thumbs
from bot.connector import Connector
from bot.errors import NotDelivered, StreamOverdue, StreamStopped
from bot.sign_in import SignIns
from bot.turn import AnswerStream, Incoming, Json, Message, Scope

CHUNK_EVERY_S = 1.5
"""Teams takes one update of a stream a second."""
FIRST_AFTER_S = 1.0
"""From the informative line to the first words, which people wait for."""
UPDATE_EVERY_S = 4.0
"""Between updates of a message whose stream is closed: these count towards what Teams takes in a chat."""
TYPING_EVERY_S = 4.0
FORBIDDEN = 403


class TeamsTurn:
    """One incoming activity and the chat it came from."""

    def __init__(
        self,
        connector: Connector,
        incoming: Incoming,
        *,
        thumbs: Thumbs = Thumbs.PLAIN,
        chunk_every_s: float = CHUNK_EVERY_S,
        sign_ins: SignIns | None = None,
    ) -> None:
        self._connector = connector
        self._sign_ins = sign_ins
        self._thumbs = thumbs
        self._incoming = incoming
        self._chunk_every_s = chunk_every_s

    @property
    def incoming(self) -> Incoming:
        """What came in."""
        return self._incoming

    async def send(self, message: Message) -> str:
        """Send a message to the chat and return its activity id."""
        return await self._connector.post(self._incoming.reference, self._outgoing(message))

    async def update(self, activity_id: str, message: Message) -> None:
        """Replace a message that the bot sent earlier."""
        await self._connector.put(self._incoming.reference, activity_id, self._outgoing(message))

    async def typing(self) -> None:
        """Show that the bot is busy; not worth a retry."""
        with suppress(NotDelivered):
            await self._connector.post(
                self._incoming.reference, activities.typing(self._incoming.reference), is_retried=False
            )

    async def sign_in(self, *, is_asked_for: bool = False, is_waited_for: bool = True) -> frozenset[str] | None:
        """Return what Attune may do for who sent this; None: nothing at the moment."""
        if self._sign_ins is None:
            return None
        return await self._sign_ins.permissions(self, is_asked_for=is_asked_for, is_waited_for=is_waited_for)

    @asynccontextmanager
    async def stream(self, activity_id: str = "") -> AsyncGenerator[AnswerStream]:
        """Begin an answer: streamed in personal chat, otherwise typing until the one message.

        The stream of an earlier process is not gone on with: the whole answer replaces what it had shown.
        """
        if activity_id:
            yield Replacement(self, activity_id)
            return
        message: PersonalStream | SingleMessage
        if self._incoming.scope is Scope.PERSONAL:
            message = PersonalStream(self._connector, self._incoming, self._chunk_every_s, self._thumbs)
        else:
            message = SingleMessage(self)
        try:
            yield message
        finally:
            await message.rest()

    def _outgoing(self, message: Message) -> Json:
        # In a channel an answer belongs below its question; in a chat a quotation of each question would be noise.
        reply_to = self._incoming.activity_id if self._incoming.scope is Scope.CHANNEL else ""
        return activities.outgoing(message, self._incoming.reference, reply_to, thumbs=self._thumbs)


class PersonalStream:
    """Teams' streaming: informative line, chunks, final message. A chunk that is refused for a moment is left out.

    The first words go out as soon as Teams takes another update after the informative line. When Teams closes the
    stream, which it does after two minutes, the answer goes on growing by updates of the message.
    """

    def __init__(self, connector: Connector, incoming: Incoming, every_s: float, thumbs: Thumbs) -> None:
        self._connector = connector
        self._thumbs = thumbs
        self._reference = incoming.reference
        self._every_s = every_s
        self._stream_id = ""
        self._sequence = 0
        self._next_at = 0.0
        self._is_overdue = False
        self._text = ""
        self._sending: asyncio.Task[None] | None = None
        self._is_waiting = False
        """Whether what is being sent waits for its moment still."""

    @property
    def activity_id(self) -> str:
        """The message that shows it."""
        return self._stream_id

    async def inform(self, text: str) -> None:
        """Say what is being done before there is any text."""
        if self._is_overdue:
            await self._replace(text)
            return
        try:
            await self._push(text, "informative")
        except StreamOverdue:
            self._is_overdue = True
        self._next_at = min(self._next_at, asyncio.get_running_loop().time() + FIRST_AFTER_S)

    async def write(self, text: str) -> None:
        """Show the text so far as soon as Teams takes it, if nothing is under way already."""
        self._text = text
        if self._sending is not None:
            if not self._sending.done():
                return
            self._sending.result()
        pause_s = self._next_at - asyncio.get_running_loop().time()
        self._is_waiting = pause_s > 0
        self._sending = asyncio.create_task(self._show(pause_s))

    async def finish(self, message: Message) -> str:
        """Show the whole answer; when Teams has closed the stream by then, by replacing the message."""
        if self._sending is not None:
            if self._is_waiting:
                self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending
        whole = activities.outgoing(message, self._reference, thumbs=self._thumbs)
        if not self._stream_id:
            return await self._connector.post(self._reference, whole)
        if not self._is_overdue:
            try:
                final = activities.final(message, self._reference, self._stream_id, thumbs=self._thumbs)
                return await self._connector.post(self._reference, final) or self._stream_id
            except NotDelivered as refused:
                with suppress(StreamOverdue):
                    _raise_why(refused)
        try:
            await self._connector.put(self._reference, self._stream_id, whole)
        except NotDelivered as refused:
            if not refused.is_gone:
                raise
            return await self._connector.post(self._reference, whole)
        return self._stream_id

    async def rest(self) -> None:
        """Send no more chunks: what is being sent still is given up."""
        if self._sending is not None:
            self._sending.cancel()
            # What went wrong with a chunk has been told by `write` or `finish`, or the answer has ended without them.
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _show(self, pause_s: float) -> None:
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self._is_waiting = False
        if self._is_overdue:
            await self._replace(self._text)
            return
        try:
            await self._push(self._text, "streaming")
        except StreamOverdue:
            self._is_overdue = True

    async def _replace(self, text: str) -> None:
        """Show the text so far in the place of a stream that Teams has closed."""
        self._next_at = asyncio.get_running_loop().time() + max(self._every_s, UPDATE_EVERY_S)
        shown = activities.outgoing(Message(text=text), self._reference)
        with suppress(NotDelivered):
            await self._connector.put(self._reference, self._stream_id, shown, is_retried=False)

    async def _push(self, text: str, kind: str) -> None:
        self._next_at = asyncio.get_running_loop().time() + self._every_s
        self._sequence += 1
        step = activities.chunk(self._reference, text, kind=kind, sequence=self._sequence, stream_id=self._stream_id)
        try:
            stream_id = await self._connector.post(self._reference, step, is_retried=False)
        except NotDelivered as refused:
            if refused.status == FORBIDDEN:
                _raise_why(refused)
            self._sequence -= 1
            self._next_at += self._every_s  # busy or away for a moment: the next chunk holds everything anyway
            return
        self._stream_id = self._stream_id or stream_id


class SingleMessage:
    """An answer where Teams doesn't stream: the bot types until it is complete, and not a moment longer."""

    def __init__(self, turn: TeamsTurn) -> None:
        self._turn = turn
        self._typing: asyncio.Task[None] | None = None

    @property
    def activity_id(self) -> str:
        """Nothing: there is no message before the whole answer."""
        return ""

    async def inform(self, text: str) -> None:  # noqa: ARG002 - there is nowhere to show it
        """Show that the bot is typing."""
        await self._turn.typing()
        if self._typing is None:
            self._typing = asyncio.create_task(self._keep_typing())

    async def write(self, text: str) -> None:
        """Do nothing."""

    async def finish(self, message: Message) -> str:
        """Send the answer."""
        await self.rest()
        return await self._turn.send(message)

    async def rest(self) -> None:
        """Stop typing."""
        if self._typing is not None:
            self._typing.cancel()
            await asyncio.gather(self._typing, return_exceptions=True)

    async def _keep_typing(self) -> None:
        while True:
            await asyncio.sleep(TYPING_EVERY_S)
            await self._turn.typing()


class Replacement:
    """A whole answer in the place of a message that was to show it before a restart."""

    def __init__(self, turn: TeamsTurn, activity_id: str) -> None:
        self._turn = turn
        self.activity_id = activity_id

    async def inform(self, text: str) -> None:  # noqa: ARG002 - the earlier process has said it
        """Show that the bot is typing."""
        await self._turn.typing()

    async def write(self, text: str) -> None:
        """Do nothing."""

    async def finish(self, message: Message) -> str:
        """Replace the message; send a new one where Teams doesn't have it (any more)."""
        try:
            await self._turn.update(self.activity_id, message)
        except NotDelivered as refused:
            if not refused.is_gone:
                raise
            self.activity_id = await self._turn.send(message)
        return self.activity_id


def _raise_why(refused: NotDelivered) -> None:
    """Turn Teams' refusal of a stream into what happened.

    Teams answers 403 ContentStreamNotAllowed for all of it: stopped, too long, too large, completed, too fast, or not
    beginning with what was shown. Only the message tells the cases apart, and all but the first end in an update.
    """
    said = refused.sentence.lower()
    if refused.status != FORBIDDEN:
        raise refused
    if "cancel" in said:
        raise StreamStopped from refused
    raise StreamOverdue from refused
