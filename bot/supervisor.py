"""Keeps a set of programs running: starts them, passes on what they print, restarts what crashes, stops all of them.

Knows processes, not what they are for.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

SHORTEST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 20.0
"""A part that lived this long was well; its next crash is a new trouble."""
GRACE_S = 10.0
"""How long a part may take to stop by itself."""
LAST_WORDS_S = 1.0
LONGEST_LINE_BYTES = 2**24
TIED = """
exec 3<&0 </dev/null
(trap '' TERM; read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&-
"""
"""Becomes a command whose process group ends with us, however we end: a shell beside it waits for the end of a pipe
that only we hold open."""

Say = Callable[[str, str], None]
"""Takes the name of a part and a line about it."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A program to keep running."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables on top of those it inherits."""
    folder: Path | None = None
    """Its working directory; None: ours."""
    health_url: str = ""
    """Answers 200 once the part is ready; empty: ready as soon as it runs."""
    is_quiet: bool = False
    """Whether its lines go to its log only."""


_DOUBLINGS = 10
"""Any more would pass the longest pause, and at last every number."""


def restart(young_deaths: int, lifetime_s: float) -> tuple[int, float]:
    """Decide about a part that just ended: how many times in a row it died young now, and the pause in seconds."""
    if lifetime_s >= STEADY_S:
        return 0, SHORTEST_PAUSE_S
    return young_deaths + 1, min(LONGEST_PAUSE_S, SHORTEST_PAUSE_S * 2 ** min(young_deaths, _DOUBLINGS))


async def run_once(part: Part, *, logs: Path, say: Say) -> int:
    """Run a part to its end and return its exit status; when cancelled, stop it. The folder of logs must exist."""
    with _lifeline() as lifeline:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", TIED, "sh", "env"),
            *(f"{name}={value}" for name, value in part.environment.items()),
            *part.command,
            stdin=lifeline,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=part.folder,
            limit=LONGEST_LINE_BYTES,
            start_new_session=True,  # Ctrl-C in the terminal must reach us alone: we stop the parts in good order
        )
        lines = asyncio.create_task(_pass_on(process, part, logs, say))
        try:
            status = await process.wait()
            # Not for ever: a child that outlives a killed part may hold the pipe open.
            await asyncio.wait([lines], timeout=LAST_WORDS_S)
            return status
        finally:
            lines.cancel()
            await asyncio.shield(_stop(process))


async def keep_running(part: Part, *, logs: Path, say: Say) -> None:
    """Run a part for ever: whenever it ends, say so and start it again; the pause grows while it keeps dying."""
    young_deaths = 0
    while True:
        started = time.monotonic()
        status = await run_once(part, logs=logs, say=say)
        young_deaths, pause_s = restart(young_deaths, time.monotonic() - started)
        say(part.name, f"stopped unexpectedly ({_reason(status)}); starting it again in {pause_s:g} s")
        await asyncio.sleep(pause_s)


async def until_ready(parts: Sequence[Part], *, every_s: float = 0.2) -> None:
    """Wait until every part with a health address answers there."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        for part in parts:
            while part.health_url and not await _answers(session, part.health_url):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(every_s)


async def supervise(parts: Sequence[Part], *, logs: Path, say: Say, when_ready: Callable[[], None]) -> None:
    """Keep all parts running until SIGINT or SIGTERM, then stop them; nothing they started in their groups is left."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    keepers = [asyncio.create_task(keep_running(part, logs=logs, say=say)) for part in parts]
    ready = asyncio.create_task(until_ready(parts))
    ready.add_done_callback(lambda task: None if task.cancelled() else when_ready())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*keepers, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*keepers, ready, stopped):
            task.cancel()
        results = await asyncio.gather(*keepers, ready, stopped, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


@contextlib.contextmanager
def _lifeline() -> Generator[int]:
    """Give the reading end of a pipe that reaches its end when the block ends, or this process does."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


async def _pass_on(process: asyncio.subprocess.Process, part: Part, logs: Path, say: Say) -> None:
    """Write every line a process prints to its log, and pass it on unless the part is quiet."""
    if process.stdout is None:
        return
    with (logs / f"{part.name}.log").open("ab", buffering=0) as log:
        async for line in process.stdout:
            # A full disk or a closed terminal is no reason to hold the part up.
            with contextlib.suppress(OSError):
                log.write(line)
            with contextlib.suppress(OSError):
                if not part.is_quiet:
                    say(part.name, line.decode(errors="replace").rstrip())


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End a process and everything in its group: asked first, killed after the grace."""
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    """Say whether a GET gets a 200."""
    try:
        async with session.get(url) as response:
            return response.status == 200  # noqa: PLR2004 - HTTP's OK
    except (aiohttp.ClientError, TimeoutError):
        return False


def _reason(status: int) -> str:
    """Put an exit status into words."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"
