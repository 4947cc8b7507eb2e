"""The training's own process: loads torch, obeys signals, and says in a file why it failed."""

import ctypes
import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tuning.domain.errors import Refusal, RunFailed
from tuning.training.config import TrainingConfig
from tuning.training.errors import Broken, DiskFull, OutOfMemory, Stopped
from tuning.training.files import write_json

DONE, FAILED, MISUSED, STOPPED = 0, 1, 2, 3
"""Exit codes; STOPPED: cancelled or asked to end, with a checkpoint to go on from."""
CANCEL = "cancel"
"""A file of this name in the training's folder ends it."""
FAILURE = "failure.json"
"""code, error and remedy of a training that failed."""
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def main() -> int:
    """Train what the config file on the command line says, and return the exit code."""
    if len(sys.argv) != len(("program", "config")):
        sys.stderr.write("usage: python -m tuning.training CONFIG.json\n")
        return MISUSED
    try:
        config = TrainingConfig.read(Path(sys.argv[1]))
    except (OSError, ValueError, TypeError) as error:
        sys.stderr.write(f"{sys.argv[1]} is no training config: {error}\n")
        return MISUSED
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    from tuning.training import processes  # noqa: PLC0415 - torch takes seconds, and may fail to load

    def is_stopped() -> bool:
        return bool(asked) or (config.folder / CANCEL).exists()

    if processes.is_one_of_several():
        return _train(config, is_stopped)
    _give_way()
    config.folder.mkdir(parents=True, exist_ok=True)
    (config.folder / FAILURE).unlink(missing_ok=True)
    count = config.processes or processes.gpus() or 1
    if count == 1:
        return _train(config, is_stopped)
    if processes.run(Path(sys.argv[1]), count, is_stopped=is_stopped) == 0:
        return DONE
    return STOPPED if is_stopped() and not (config.folder / FAILURE).exists() else FAILED


def _train(config: TrainingConfig, is_stopped: Callable[[], bool]) -> int:
    _keep_memory()
    from tuning.training.loop import train  # noqa: PLC0415 - the same

    try:
        train(config, is_stopped=is_stopped)
    except Stopped:
        return STOPPED
    except Exception as error:  # noqa: BLE001 - whatever it was, the person gets a sentence and the log the rest
        traceback.print_exc()
        failure, path = explain(error), config.folder / FAILURE
        # Where several train together, the others fail because one did: the first says why.
        if not path.exists():
            write_json(path, {"code": failure.failure, "error": failure.what, "remedy": failure.remedy})
        return FAILED
    return DONE


def explain(error: BaseException) -> RunFailed:
    """Return what an error means to a person."""
    text = " ".join(str(error).split())
    if isinstance(error, RunFailed):
        return error
    if isinstance(error, Refusal):
        return RunFailed(error.code, error.sentence, "Start the run again.")
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or "can't allocate memory" in text:
        return OutOfMemory()
    if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or "No space left" in text:
        return DiskFull()
    return Broken(reason=f"{type(error).__name__}: {text[:200]}")


def _give_way() -> None:
    """Let whoever is asking something be answered first."""
    # Training takes all cores, which nobody else wants most of the time.
    os.nice(10)


def _keep_memory() -> None:
    """Let glibc keep freed memory."""
    # torch asks for the same blocks every step; giving them back and getting them zeroed took a third of the time.
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
