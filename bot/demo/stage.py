"""The parts that the demo plays against: engine, worker and bot as processes of their own, in a folder of their own."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bot.settings import Settings
from bot.supervisor import keep_running, run_once, until_ready
from bot.up import backend, preparation

MEMORY_EVERY_S = 1.0


class NotPrepared(Exception):  # noqa: N818 - names say what happened, without a suffix
    """The store and the base model could not be prepared; the lines above say why."""


@dataclass
class Memory:
    """The most memory that this process and all its children took together."""

    peak_bytes: int = 0

    async def watch(self) -> None:
        """Look every second, for ever."""
        while True:
            self.peak_bytes = max(self.peak_bytes, await asyncio.to_thread(_bytes_in_use))
            await asyncio.sleep(MEMORY_EVERY_S)


def demo_settings(settings: Settings, folder: Path) -> Settings:
    """Return the settings with everything that is written below the folder, and on ports that are free."""
    engine, bot = _free_ports(2)
    return settings.model_copy(
        update={
            "store_url": f"sqlite:///{folder / 'attune.db'}",
            "artifacts": folder / "artifacts",
            "logs": folder / "logs",
            "engine_url": f"http://127.0.0.1:{engine}",
            "host": "127.0.0.1",
            "port": bot,
            "app_id": "",
            "development": True,
        }
    )


def clear(folder: Path) -> None:
    """Forget an earlier demo, but keep the base model that was prepared then."""
    for leftover in folder.glob("attune.db*"):
        leftover.unlink()
    for leftover in (folder / "artifacts").glob("*"):
        if leftover.name != "base":
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


@asynccontextmanager
async def running(settings: Settings, memory: Memory, say: Callable[[str, str], None]) -> AsyncGenerator[None]:
    """Prepare the store and the base model, keep the parts running, and stop them at the end.

    Raises:
        NotPrepared: preparation failed; what it printed was passed on.
    """
    settings.logs.mkdir(parents=True, exist_ok=True)
    shared = environment(settings)
    first = replace(preparation(), environment=shared)
    tasks = [asyncio.create_task(memory.watch())]
    try:
        if await run_once(first, logs=settings.logs, say=say):
            raise NotPrepared
        parts = [replace(part, environment={**shared, **part.environment}) for part in backend(settings)]
        tasks += [asyncio.create_task(keep_running(part, logs=settings.logs, say=say)) for part in parts]
        await until_ready(parts)
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables by which the parts come to the same settings."""
    changed = ("store_url", "artifacts", "logs", "engine_url", "host", "port", "app_id", "tenant", "base_model")
    return {f"ATTUNE_{name.upper()}": str(getattr(settings, name)) for name in changed}


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def cpu_seconds() -> float:
    """Return the CPU time of this process and all its children so far, those that have ended included."""
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            spent = process.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def _bytes_in_use() -> int:
    """Return the memory of all processes together, with what several share counted once where the system tells it."""
    total = 0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            used = process.memory_full_info()
            total += getattr(used, "pss", used.rss)
    return total
