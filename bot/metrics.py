"""What the bot counts about itself, for Prometheus: how much it is asked, how long it takes, and what waits."""

import time
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.turn import Turn
from tuning.store import Store, deliveries, notices

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
Handler = Callable[[Turn], Awaitable[None]]


class Metrics:
    """One bot's figures, in a registry of their own; no figure names a person, an agent or a question."""

    def __init__(self, store: Store) -> None:
        """Begin at zero; what waits is counted in the store whenever somebody looks."""
        self._registry = registry = CollectorRegistry()
        self._store = store
        self.requests = Counter("attune_bot_requests", "Requests of Teams", ["status"], registry=registry)
        self._turns = Counter("attune_bot_turns", "Turns that ended", ["kind", "outcome"], registry=registry)
        self._turn = Histogram(
            "attune_bot_turn_seconds", "From taking a turn up to its end", ["kind"], buckets=SECONDS, registry=registry
        )
        self._running = Gauge("attune_bot_turns_running", "Turns that are under way", registry=registry)
        self._deliveries = Gauge("attune_bot_deliveries_open", "Taken in, and not answered yet", registry=registry)
        self._notices = Gauge("attune_bot_notices_waiting", "Notices that were not sent yet", registry=registry)

    def timed(self, kind: str, handler: Handler) -> Handler:
        """Return the handler, counted under its kind: how long it took, and whether it failed."""

        async def handle(turn: Turn) -> None:
            outcome, began = "failed", time.perf_counter()
            try:
                with self._running.track_inprogress():
                    await handler(turn)
                outcome = "done"
            finally:
                self._turn.labels(kind).observe(time.perf_counter() - began)
                self._turns.labels(kind, outcome).inc()

        return handle

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        with self._store.reading() as session:
            self._deliveries.set(deliveries.count_open(session))
            self._notices.set(notices.count_pending(session))
        return generate_latest(self._registry)
