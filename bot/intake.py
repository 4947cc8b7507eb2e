"""Takes every activity once, keeps it before the request is answered, and works behind it: in order within a chat."""

import asyncio
import logging
import textwrap
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from bot.deliveries import Deliveries
from bot.errors import NotDelivered
from bot.files import CONSENT
from bot.turn import CHANGES, DELETION, EDIT, Incoming, InvokeReply, Message, Turn
from serving.logs import about, current, readable
from tuning.languages import say, speaking

logger = logging.getLogger(__name__)
DRAIN_S = 10.0
MESSAGE = "message"
QUESTION, WELCOME = "question", "welcome"
"""Types of activities that Teams doesn't know: what a button asks, and that somebody is to be greeted."""


class Work:
    """What goes on after a request has been answered."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, task: Coroutine[Any, Any, None]) -> None:
        """Go on with something in the background; an error in it is logged."""
        running = asyncio.create_task(task)
        self._tasks.add(running)
        running.add_done_callback(self._finished)

    async def drain(self) -> None:
        """Wait until everything begun is done, ten seconds at most; then cancel the rest, and wait for its end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_S)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A message could not be handled", exc_info=task.exception())


class Intake:
    """The receiver of all activities."""

    def __init__(
        self,
        work: Work,
        deliveries: Deliveries,
        *,
        turn: Callable[[Incoming], Turn],
        invoke: Callable[[Turn], Awaitable[tuple[InvokeReply, Incoming | None]]],
        withdraw: Callable[[Incoming], Awaitable[bool]],
        handlers: Mapping[str, Callable[[Turn], Awaitable[None]]],
    ) -> None:
        """Take how to make a turn, who answers invokes, and by an activity's type who works on it later.

        An invoke may lead to more, which is worked on as an activity of a type of its own. An edit or a deletion first
        withdraws at once what the message said before, if that is known.
        """
        self._work = work
        self._deliveries = deliveries
        self._turn = turn
        self._invoke = invoke
        self._withdraw = withdraw
        self._handlers = handlers
        # A lock lives as long as somebody holds or awaits it.
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def receive(self, incoming: Incoming) -> InvokeReply | None:
        """Answer an invoke; take anything else on, so that it outlives this process, and return at once.

        Raises:
            Replayed: it has been dealt with before, and it is not Teams that delivers it again.
        """
        with about(readable(incoming.activity_id)):
            return await self._receive(incoming)

    async def _receive(self, incoming: Incoming) -> InvokeReply | None:
        if incoming.type == "invoke" and incoming.name == CONSENT:
            await self._take_on(replace(incoming, type=CONSENT))  # an upload may take longer than Teams waits
            return InvokeReply(body={})
        if incoming.type == "invoke":
            await self._deliveries.take_note(incoming)
            with speaking(incoming.locale):
                reply, more = await self._invoke(self._turn(incoming))
            logger.info("An invoke is answered")
            if more is not None:
                await self._take_on(more)
            return reply
        if incoming.is_bot_added:
            await self._take_on(replace(incoming, type=WELCOME))
        elif incoming.type == MESSAGE or (incoming.type in CHANGES and await self._withdraw(incoming)):
            await self._take_on(incoming)
        return None

    def go_on(self, number: int, incoming: Incoming, is_in_time: bool) -> None:  # noqa: FBT001
        """Work on what another process took on and did not finish; too late, the person is told so."""
        # An answer whose question was deleted is taken out of the chat however late it is.
        handler = self._handlers[incoming.type] if is_in_time or incoming.type == DELETION else _say_too_late
        self._work.begin(self._carry_out(number, incoming, handler))

    async def _take_on(self, incoming: Incoming) -> None:
        number = await self._deliveries.take_in(incoming)
        if number is not None:
            self._work.begin(self._carry_out(number, incoming, self._handlers[incoming.type]))

    async def _carry_out(self, number: int, incoming: Incoming, handle: Callable[[Turn], Awaitable[None]]) -> None:
        """Handle a delivery, in order within its chat; one that fails is over too: its person has been told."""
        with about(current() or readable(incoming.activity_id)):  # one that another process took in is named again
            await self._in_order(number, incoming, handle)

    async def _in_order(self, number: int, incoming: Incoming, handle: Callable[[Turn], Awaitable[None]]) -> None:
        lock = self._chats.setdefault(incoming.chat_id, asyncio.Lock())
        has_waited = lock.locked()
        async with lock:
            try:
                if not has_waited or await self._deliveries.is_open(number):
                    with speaking(incoming.locale):
                        await handle(self._turn(incoming))
                    logger.info("A turn is over: %s", incoming.type)
            except NotDelivered as refused:
                logger.warning("An answer did not arrive: %s", refused)
            except Exception:
                logger.exception("A message could not be handled")
            await self._deliveries.finish(number)


async def _say_too_late(turn: Turn) -> None:
    if turn.incoming.type == WELCOME:
        return
    is_asked = turn.incoming.type in (MESSAGE, EDIT, QUESTION)  # of others the text is none of the person's
    said = textwrap.shorten(turn.incoming.text, 80, placeholder=" …") if is_asked else ""
    if said:
        text = say(
            'I could not answer "{question}" in time, I\'m sorry. Send it again if you still need it.', question=said
        )
    else:
        text = say("I could not answer in time, I'm sorry. Send it again if you still need it.")
    await turn.send(Message(text=text))
