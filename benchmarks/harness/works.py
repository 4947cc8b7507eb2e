"""What people ask of both servers, and how it is measured."""

import random
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.harness.load import Ask, Round, ask_all
from benchmarks.harness.models import SIZES, make_adapters, make_model, some_tokens
from benchmarks.harness.servers import Server, engine, llama_server

ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Work:
    """What people ask of a server."""

    name: str
    size: str
    """Of the model."""
    agents: int
    """Adapters in use; 0 for the base model alone."""
    people: int
    """Conversations at once, over all agents."""
    shared: int
    """Tokens that every prompt to an agent begins with."""
    own: int
    """Tokens that each prompt ends with."""
    out: int
    """Tokens written for each."""
    is_new: bool = False
    """Whether an agent's beginning is another one in each round, as after a release; else both sides keep it."""
    is_mixed: bool = False
    """Whether as many other agents are asked as much between two rounds, which is not measured."""
    within_s: float = 0.0
    """People begin at random within this time."""
    least_rate: float | None = None
    """The factor over the peer's tokens per second to be reached, if there is one."""
    most_first: float | None = None
    """The share of the peer's time to the first token not to be exceeded, if there is one."""
    is_tail: bool = False
    """Whether that time is the 95th percentile; else the median."""

    @property
    def lanes(self) -> int:
        """How many agents are known to a server, or 1 for the base model alone."""
        return max(1, self.agents * (2 if self.is_mixed else 1))

    def asks(self, seed: int, *, of_others: bool = False) -> list[Ask]:
        """Return the questions of a round, or those to the other agents before it."""
        rng = random.Random(f"{self.name} {seed} {of_others}")
        since = seed if self.is_new else ""
        beginnings = [
            some_tokens(random.Random(f"{self.name} agent {agent} {since}"), self.shared) for agent in range(self.lanes)
        ]
        asks = []
        for person in range(self.people):
            adapter = person % self.agents + of_others * self.agents if self.agents else None
            prompt = [*beginnings[adapter or 0], *some_tokens(rng, self.own)]
            asks.append(Ask(prompt=prompt, tokens=self.out, adapter=adapter, after_s=rng.uniform(0, self.within_s)))
        return asks

    def first_s(self, one: Round) -> float:
        """Return the time to the first token that is compared."""
        return one.p95_first_s if self.is_tail else one.median_first_s


_EIGHT = Work(
    name="8 conversations, agent known",
    size="100M",
    agents=1,
    people=8,
    shared=192,
    own=64,
    out=64,
)
_FOUR = Work(
    name="4 agents, 4 conversations each",
    size="100M",
    agents=4,
    people=16,
    shared=512,
    own=64,
    out=64,
    within_s=1.0,
    is_tail=True,
)
WORKS = (
    Work(name="one conversation, 100M", size="100M", agents=0, people=1, shared=0, own=256, out=96, least_rate=1.0),
    Work(name="one conversation, 350M", size="350M", agents=0, people=1, shared=0, own=256, out=48, least_rate=1.0),
    replace(_EIGHT, name="8 conversations, one agent", is_new=True, least_rate=1.7, most_first=0.5),
    _EIGHT,
    replace(_FOUR, name="4 of 8 agents, 4 conversations each", is_mixed=True, least_rate=3.0, most_first=0.1),
    _FOUR,
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One work on one server: medians over rounds."""

    work: str
    server: str
    rate: float
    """Tokens written per second, over all people."""
    first_s: float
    cpu_ms: float
    """Milliseconds that the server's threads computed per token written."""
    outside: float | None = None
    """Share of the engine's turns that passes outside llama_decode."""


def compare(work: Work, servers: Sequence[Server]) -> list[Measured]:
    """Give all servers the same work, in turns."""
    rounds: dict[str, list[Round]] = {server.name: [] for server in servers}
    for server in servers:
        ask_all(server, work.asks(-1))
    busy = {server.name: _busy(server) for server in servers}
    for number in range(ROUNDS):
        for server in servers:
            if work.is_mixed:
                ask_all(server, work.asks(number, of_others=True))
            rounds[server.name].append(ask_all(server, work.asks(number)))
    return [
        Measured(
            work=work.name,
            server=server.name,
            rate=statistics.median(one.rate for one in rounds[server.name]),
            first_s=statistics.median(work.first_s(one) for one in rounds[server.name]),
            cpu_ms=statistics.median(one.cpu_ms for one in rounds[server.name]),
            outside=_outside(busy[server.name], _busy(server)),
        )
        for server in servers
    ]


def _busy(server: Server) -> tuple[float, float] | None:
    """Return the seconds in llama_decode and in turns altogether, where the server tells."""
    if server.name != "Attune":
        return None
    return server.metric("attune_engine_decode_seconds_sum"), server.metric("attune_engine_busy_seconds_total")


def _outside(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    if before is None or after is None:
        return None
    return 1 - (after[0] - before[0]) / (after[1] - before[1])


def beside_the_peer(work: Work, threads: int, peer: Path | None) -> list[Measured]:
    """Measure a work on the engine and, if there is one, on llama-server; both have the same KV memory in all."""
    model = make_model(SIZES[work.size])
    adapters = make_adapters(SIZES[work.size], work.lanes if work.agents else 0)
    each = work.shared + work.own + work.out + 32
    with ExitStack() as stack:
        ours = engine(
            model,
            adapters=adapters,
            THREADS=threads,
            LANES=work.lanes,
            SEQUENCES=work.people,
            CONTEXT_TOKENS=each * work.people // work.lanes,
            DRAFT_TOKENS=0,  # random weights repeat themselves, so that every draft would be right
        )
        servers = [stack.enter_context(ours)]
        if peer is not None:
            theirs = llama_server(peer, model, adapters=adapters, threads=threads, slots=work.people, slot_tokens=each)
            servers.append(stack.enter_context(theirs))
        return compare(work, servers)
