"""Runs a command as a child process: watched, limited in memory, ended with everything it started."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from tuning.domain.errors import RunFailed
from tuning.languages import say

POLL_S = 0.25
GRACE_S = 5.0
"""How long a child may take to end by itself."""
TIED = """
exec 3<&0 </dev/null
(trap '' TERM; read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
{ echo 700 >/proc/self/oom_score_adj; } 2>/dev/null
exec "$@" 3<&-
"""
"""Becomes a command whose process group ends with us, however we end, so that no two ever train the same run: a shell
beside it waits for the end of a pipe that only we hold open. When memory runs out, Linux ends it before others."""


def run(command: Sequence[str], *, log: Path, memory_bytes: int, watch: Callable[[], None]) -> int:
    """Run the command until it ends and return its exit code, negative for a signal; it writes to the log.

    `watch` is called several times a second; whatever it raises ends the child. So does the end of this process.
    Raises `RunFailed` when memory gets too much.
    """
    with (
        log.open("ab") as output,
        subprocess.Popen(
            ["sh", "-c", TIED, "sh", *command],  # noqa: S607 - every system has it elsewhere
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            while (code := process.poll()) is None:
                watch()
                _check_memory(process.pid, memory_bytes)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_S)
            return code
        finally:
            _end(process)


def _check_memory(pid: int, limit: int) -> None:
    used = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        used = process.memory_info().rss + sum(child.memory_info().rss for child in process.children(recursive=True))
    if used > limit:
        raise RunFailed(
            "out_of_memory",
            say(
                "The training took {used} GiB of memory, and {limit} GiB is the limit.",
                used=f"{used / 2**30:.1f}",
                limit=f"{limit / 2**30:.1f}",
            ),
            say("Choose a smaller base model, or allow more with ATTUNE_TRAINING_MEMORY_GIB."),
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and everything in its group: asked first, killed after the grace."""
    with contextlib.suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
