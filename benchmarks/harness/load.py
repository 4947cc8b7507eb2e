"""People who ask a server at once: how fast it writes, and how long each waits for the first token."""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.harness.servers import Server

TIMEOUT_S = 1200.0


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question."""

    prompt: Sequence[int]
    """Token ids."""
    tokens: int
    """How many are to be written."""
    adapter: int | None = None
    after_s: float = 0.0
    """When it is asked, from the beginning of the round."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """What came of some people asking."""

    seconds: float
    written: int
    """Tokens."""
    cpu_s: float
    """Seconds that the server's threads computed, which others on the machine hardly change."""
    first_s: list[float] = field(default_factory=list)
    """Seconds until the first token, for each."""

    @property
    def rate(self) -> float:
        """Tokens written per second."""
        return self.written / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds that the server computed per token written."""
        return 1000 * self.cpu_s / self.written

    @property
    def median_first_s(self) -> float:
        """Seconds until the first token, the median."""
        return statistics.median(self.first_s)

    @property
    def p95_first_s(self) -> float:
        """Seconds until the first token that 95 % of the people didn't wait longer than."""
        return sorted(self.first_s)[max(0, -(-95 * len(self.first_s) // 100) - 1)]


def joined(rounds: Sequence[Round]) -> Round:
    """Return rounds that followed one another as one."""
    return Round(
        seconds=sum(one.seconds for one in rounds),
        written=sum(one.written for one in rounds),
        cpu_s=sum(one.cpu_s for one in rounds),
        first_s=[first for one in rounds for first in one.first_s],
    )


def ask_all(server: Server, asks: Sequence[Ask]) -> Round:
    """Ask as if by as many people and wait for all answers.

    Raises:
        RuntimeError: an answer was refused, or shorter than asked for, so that rates could not be compared.
    """
    return asyncio.run(_ask_all(server, asks))


async def _ask_all(server: Server, asks: Sequence[Ask]) -> Round:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        began, computed = time.perf_counter(), server.cpu_s()
        answers = await asyncio.gather(*(_ask(session, server, one) for one in asks))
        seconds = time.perf_counter() - began
    return Round(
        seconds=seconds,
        written=sum(written for written, _ in answers),
        cpu_s=server.cpu_s() - computed,
        first_s=[first for _, first in answers],
    )


async def _ask(session: aiohttp.ClientSession, server: Server, one: Ask) -> tuple[int, float]:
    await asyncio.sleep(one.after_s)
    body: dict[str, Any] = {
        "prompt": list(one.prompt),
        "max_tokens": one.tokens,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
        **server.chosen(one.adapter),
    }
    began, first, written = time.perf_counter(), None, 0
    async with session.post(f"{server.url}/v1/completions", json=body) as answer:
        if answer.status != 200:  # noqa: PLR2004
            raise RuntimeError(f"{server.name} said {answer.status}: {await answer.text()}")
        async for line in answer.content:
            if not line.startswith(b"data: {"):
                continue
            piece = json.loads(line[6:])
            if first is None and piece.get("choices"):
                first = time.perf_counter() - began
            if piece.get("usage"):
                written = int(piece["usage"]["completion_tokens"])
    if written != one.tokens or first is None:
        raise RuntimeError(f"{server.name} wrote {written} tokens of {one.tokens}.")
    return written, first
