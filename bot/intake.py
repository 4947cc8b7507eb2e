"""Takes every activity once, answers the request at once, and works behind it: in order within a chat."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from weakref import WeakValueDictionary

from bot.channel import InvokeReply
from bot.turn import Incoming, Turn

logger = logging.getLogger(__name__)
REMEMBERED = 20_000
"""Activities whose ids are kept, so that a second delivery does nothing."""
DRAIN_S = 10.0


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
        """Wait until everything begun is done, ten seconds at most; then cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_S)
        for task in self._tasks:
            task.cancel()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A message could not be handled", exc_info=task.exception())


class Intake:
    """The receiver of all activities."""

    def __init__(
        self,
        work: Work,
        *,
        turn: Callable[[Incoming], Turn],
        invoke: Callable[[Turn], Awaitable[InvokeReply]],
        message: Callable[[Turn], Awaitable[None]],
        welcome: Callable[[Turn], Awaitable[None]],
    ) -> None:
        """Take how to make a turn and who handles it: invokes are answered, the rest is worked on later."""
        self._work = work
        self._turn = turn
        self._invoke = invoke
        self._message = message
        self._welcome = welcome
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        # A lock lives as long as somebody holds or awaits it.
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def receive(self, incoming: Incoming) -> InvokeReply | None:
        """Answer an invoke; take anything else on and return at once."""
        turn = self._turn(incoming)
        if incoming.type == "invoke":
            return await self._invoke(turn)
        if not self._is_new(incoming):
            return None
        if incoming.type == "message":
            self._work.begin(self._in_order(incoming.chat_id, lambda: self._message(turn)))
        elif incoming.is_bot_added:
            self._work.begin(self._in_order(incoming.chat_id, lambda: self._welcome(turn)))
        return None

    async def _in_order(self, chat_id: str, handle: Callable[[], Awaitable[None]]) -> None:
        lock = self._chats.setdefault(chat_id, asyncio.Lock())
        async with lock:
            await handle()

    def _is_new(self, incoming: Incoming) -> bool:
        key = (incoming.chat_id, incoming.activity_id)
        if not incoming.activity_id:
            return True
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True
