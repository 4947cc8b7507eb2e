"""Several processes that train one adapter together, one for each GPU, started and watched by torchrun."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist

_POLL_S = 0.1


def is_one_of_several() -> bool:
    """Return whether torchrun has started this process."""
    return dist.is_torchelastic_launched()


def gpus() -> int:
    """Return how many GPUs there are."""
    return torch.cuda.device_count()


def run(settings: Path, count: int, *, is_stopped: Callable[[], bool]) -> int:
    """Train what a config file says in so many processes, and return torchrun's exit code: 0 if all came to the end.

    They stop together when any of them is asked to; torchrun hands on the signal that it gets.
    """
    options = ["--standalone", f"--nproc-per-node={count}", "--max-restarts=0"]
    command = [sys.executable, "-m", "torch.distributed.run", *options, "-m", "tuning.training", str(settings)]
    with subprocess.Popen(command) as process:
        is_told = False
        while (code := process.poll()) is None:
            if is_stopped() and not is_told:
                process.send_signal(signal.SIGTERM)
                is_told = True
            time.sleep(_POLL_S)
    return code
