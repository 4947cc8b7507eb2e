"""The supervisor over real processes."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from bot.supervisor import Part, run_once, supervise

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
FAMILY = (
    "import subprocess, sys, time; print('child', subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
)


class Terminal:
    """Keeps what the supervisor said, and lets a test wait for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.is_ready = asyncio.Event()

    def say(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    async def until(self, text: str, times: int = 1) -> str:
        async with asyncio.timeout(120):
            while True:
                found = [line for _, line in self.lines if text in line]
                if len(found) >= times:
                    return found[times - 1]
                await asyncio.sleep(0.02)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def python(name: str, code: str, *arguments: str, health_url: str = "") -> Part:
    return Part(name=name, command=(sys.executable, "-c", code, *arguments), health_url=health_url)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # an orphan waits for the machine's init to notice
    except psutil.NoSuchProcess:
        return False


async def stopped(task: asyncio.Task[None]) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 20)


async def test_a_crashed_part_is_started_again_and_says_so_while_the_others_go_on(tmp_path: Path, terminal: Terminal):
    parts = [
        python("worker", "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"),
        python("bot", "import time; print('steady', flush=True); time.sleep(600)"),
    ]
    task = asyncio.create_task(supervise(parts, logs=tmp_path, say=terminal.say, when_ready=terminal.is_ready.set))
    pid = int((await terminal.until("pid")).split()[1])
    os.kill(pid, signal.SIGKILL)
    assert "SIGKILL" in await terminal.until("stopped unexpectedly")
    second = int((await terminal.until("pid", times=2)).split()[1])
    await stopped(task)
    assert second != pid
    assert [line for name, line in terminal.lines if name == "bot"] == ["steady"]
    assert not runs(second)
    assert (tmp_path / "worker.log").read_text().count("pid") == 2


async def test_stopping_leaves_no_process_of_any_part(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.supervisor.GRACE_S", 0.5)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + FAMILY
    parts = [python("worker", FAMILY), python("engine", stubborn)]
    task = asyncio.create_task(supervise(parts, logs=tmp_path, say=terminal.say, when_ready=terminal.is_ready.set))
    children = [int((await terminal.until("child", times=times)).split()[1]) for times in (1, 2)]
    await stopped(task)
    async with asyncio.timeout(20):  # what is killed takes a moment to go
        while any(runs(child) for child in children):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def test_it_is_ready_once_every_health_address_answers(tmp_path: Path, terminal: Terminal, unused_tcp_port: int):
    part = python("engine", SERVER, str(unused_tcp_port), health_url=f"http://127.0.0.1:{unused_tcp_port}/health")
    task = asyncio.create_task(supervise([part], logs=tmp_path, say=terminal.say, when_ready=terminal.is_ready.set))
    async with asyncio.timeout(120):
        await terminal.is_ready.wait()
    await stopped(task)


async def test_a_part_that_cannot_be_started_is_an_end_with_a_reason(tmp_path: Path, terminal: Terminal):
    part = Part(name="engine", command=("no-such-program",), environment={"BROWSER": "none"})
    assert await run_once(part, logs=tmp_path, say=terminal.say) == 127
    assert "no-such-program" in terminal.lines[0][1]


async def test_a_full_disk_and_a_closed_terminal_do_not_hold_a_part_up(tmp_path: Path):
    (tmp_path / "engine.log").symlink_to("/dev/full")

    def broken(_name: str, _line: str) -> None:
        raise BrokenPipeError

    more_than_a_pipe_holds = python("engine", "for _ in range(2000): print('x' * 99)")
    assert await asyncio.wait_for(run_once(more_than_a_pipe_holds, logs=tmp_path, say=broken), 20) == 0


async def test_parts_die_with_a_supervisor_that_is_killed_and_so_do_their_children(tmp_path: Path, root: Path):
    program = f"""
import asyncio, pathlib, sys
from bot.supervisor import Part, supervise
part = Part(name="engine", command=(sys.executable, "-c", {FAMILY!r}))
say = lambda name, line: print(line, flush=True)
asyncio.run(supervise([part], logs=pathlib.Path({str(tmp_path)!r}), say=say, when_ready=lambda: None))
"""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=root, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    line = await asyncio.wait_for(supervisor.stdout.readline(), 20)
    child = int(line.split()[1])
    part = psutil.Process(child).ppid()
    supervisor.kill()
    await supervisor.wait()
    async with asyncio.timeout(120):
        while runs(part) or runs(child):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
