"""What Teams has been told has arrived: in the store first, worked on until done, taken over when a process dies."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from pydantic import TypeAdapter

from bot.errors import Replayed
from bot.turn import Incoming
from tuning.domain.deliveries import LEASE, Delivery
from tuning.domain.fields import now
from tuning.store import Store
from tuning.store import deliveries as stored

logger = logging.getLogger(__name__)
BEAT_S = LEASE.total_seconds() / 5
IN_TIME = timedelta(minutes=10)
"""What is older when somebody takes it over is not answered any more: the person has moved on."""
TEAMS_REPEATS = timedelta(minutes=5)
"""Teams delivers again what it thinks has not arrived; whoever sends it later has recorded it."""
FORGET_EVERY = timedelta(hours=1)
ATTEMPTS = 3
"""More than so many processes must not die of one message."""
_INCOMING = TypeAdapter(Incoming)


class Deliveries:
    """The deliveries of one process, which holds them by a lease."""

    def __init__(self, store: Store) -> None:
        """Take where they are kept."""
        self._store = store
        self._holder_id = uuid4().hex
        self._open: set[int] = set()
        self._forget_at = now()

    async def take_in(self, incoming: Incoming) -> int | None:
        """Keep an activity and return the delivery's number; None if Teams has delivered it before.

        Raises:
            Replayed: it was delivered so long ago that this is not Teams.
        """
        number = await asyncio.to_thread(self._take_in, incoming)
        if number is not None:
            self._open.add(number)
        return number

    async def take_note(self, incoming: Incoming) -> None:
        """Remember an activity that is dealt with at once; raise `Replayed` if it was delivered long ago.

        Sooner, it is Teams that delivers it again because this process died over it: it is dealt with once more.
        """
        await asyncio.to_thread(self._take_note, incoming)

    async def finish(self, number: int) -> None:
        """Note that a delivery has been dealt with."""
        await asyncio.to_thread(self._finish, number)
        self._open.discard(number)

    async def is_open(self, number: int) -> bool:
        """Say whether a delivery has still to be dealt with: its message may have been taken back."""
        return await asyncio.to_thread(self._is_open, number)

    async def keep(self, go_on: Callable[[int, Incoming, bool], None]) -> None:
        """Hold what is being worked on, and go on with what was left behind, until cancelled.

        `go_on` gets number, activity, and whether it still makes sense to answer.
        """
        while True:
            try:
                for delivery in await asyncio.to_thread(self._beat):
                    is_in_time = now() - delivery.received_at <= IN_TIME and delivery.attempts <= ATTEMPTS
                    number = delivery.id or 0
                    self._open.add(number)
                    go_on(number, _INCOMING.validate_python(delivery.activity), is_in_time)
            except Exception:
                logger.exception("Deliveries could not be looked through; trying again")
            await asyncio.sleep(BEAT_S)

    async def give_back(self) -> None:
        """Let another process go on at once with what is not done."""
        if self._open:
            await asyncio.to_thread(self._give_back)

    def _take_in(self, incoming: Incoming) -> int | None:
        at, key = now(), incoming.delivery_id or uuid4().hex
        with self._store.writing() as connection:
            number = stored.take_in(
                connection,
                chat_id=incoming.chat_id,
                activity_id=key,
                activity=_INCOMING.dump_python(incoming, mode="json"),
                holder_id=self._holder_id,
                at=at,
            )
            before = stored.received_at(connection, incoming.chat_id, key) if number is None else None
        if before is not None and at - before > TEAMS_REPEATS:
            raise Replayed(incoming.delivery_id[:80])
        return number

    def _take_note(self, incoming: Incoming) -> None:
        at, key = now(), incoming.delivery_id or uuid4().hex
        with self._store.writing() as connection:
            number = stored.take_in(
                connection,
                chat_id=incoming.chat_id,
                activity_id=key,
                activity={},
                holder_id=self._holder_id,
                at=at,
                is_done=True,
            )
            before = stored.received_at(connection, incoming.chat_id, key) if number is None else None
        if before is not None and at - before > TEAMS_REPEATS:
            raise Replayed(incoming.delivery_id[:80])

    def _finish(self, number: int) -> None:
        with self._store.writing() as connection:
            stored.finish(connection, number, now())

    def _is_open(self, number: int) -> bool:
        with self._store.looking() as connection:
            return stored.is_open(connection, number)

    def _beat(self) -> list[Delivery]:
        at = now()
        if self._open:
            with self._store.transaction() as session:
                stored.prolong(session, self._holder_id, at)
        if at >= self._forget_at:
            self._forget_at = at + FORGET_EVERY
            with self._store.transaction() as session:
                stored.forget(session, at)
        with self._store.reading() as session:
            if not stored.are_abandoned(session, at):
                return []
        with self._store.transaction() as session:
            return list(stored.adopt(session, self._holder_id, at))

    def _give_back(self) -> None:
        with self._store.transaction() as session:
            stored.give_back(session, self._holder_id, now())
