"""Runs a command as a child process: watched, limited in memory, ended with everything it started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from tuning.domain.errors import RunFailed

POLL_S = 0.25
GRACE_S = 5.0
"""How long a child may take to end by itself."""


def run(command: Sequence[str], *, log: Path, memory_bytes: int, watch: Callable[[], None]) -> int:
    """Run the command until it ends and return its exit code, negative for a signal; it writes to the log.

    `watch` is called several times a second; whatever it raises ends the child. So does the end of this process.
    Must be called from a thread that lives as long as the child. Raises `RunFailed` when memory gets too much.
    """
    guarded = [sys.executable, "-m", "tuning.worker.guard", str(os.getpid()), *command]
    with (
        log.open("ab") as output,
        subprocess.Popen(
            guarded, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
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
            f"The training took {used / 2**30:.1f} GiB of memory, and {limit / 2**30:.1f} GiB is the limit.",
            "Choose a smaller base model, or allow more with ATTUNE_TRAINING_MEMORY_GIB.",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child's whole process group, kindly at first."""
    for signal_number, patience_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        ends_at = time.monotonic() + patience_s
        while _lives(process) and time.monotonic() < ends_at:
            time.sleep(0.02)


def _lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
