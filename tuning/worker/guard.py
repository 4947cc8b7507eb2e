"""Becomes another program that dies with its parent: `python -m tuning.worker.guard PARENT_PID COMMAND ...`.

A worker that is killed can't clean up; the kernel then ends its child, so that no two ever train the same run.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_FIRST_TO_GO = "700"
"""When memory runs out the kernel ends this program, and not the store's or the bot's."""


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    if os.getppid() != parent:
        sys.exit("The worker is gone already.")
    os.execvp(command[0], command)  # noqa: S606 - a shell between would be killed in the child's place


if __name__ == "__main__":
    main()
