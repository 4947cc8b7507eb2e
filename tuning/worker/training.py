"""The training and the parity check, each in a child process of its own: here nothing loads torch."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tuning.domain.errors import RunFailed
from tuning.languages import say
from tuning.training.child import FAILURE, STOPPED
from tuning.training.config import TrainingConfig
from tuning.training.progress import Progress as Sign
from tuning.worker import child
from tuning.worker.progress import Progress

ATTEMPTS = 3
"""How often a child that was killed from outside is started again; it goes on from its checkpoint."""


def train(config: TrainingConfig, *, memory_bytes: int, progress: Progress) -> dict[str, Any]:
    """Train what the config says and return what the run's metrics keep; raise `RunFailed` if it can't be."""
    settings = config.folder / "config.json"
    config.write(settings)

    def watch() -> None:
        sign = Sign.read(config.folder)
        if sign is None:
            progress.tick()
        else:
            progress(sign.share, sign.losses)

    run_module("tuning.training", [str(settings)], folder=config.folder, memory_bytes=memory_bytes, watch=watch)
    last = Sign.read(config.folder)
    if last is not None:
        progress(1.0, last.losses)
    return {"steps": last.steps, "loss": last.loss} if last else {}


def run_module(
    module: str, arguments: Sequence[str], *, folder: Path, memory_bytes: int, watch: Callable[[], None]
) -> None:
    """Run a Python module as a watched child process until it succeeds; raise `RunFailed` with what it says."""
    log = folder / "training.log"
    (folder / FAILURE).unlink(missing_ok=True)
    code = 0
    for _ in range(ATTEMPTS):
        command = [sys.executable, "-m", module, *arguments]
        code = child.run(command, log=log, memory_bytes=memory_bytes, watch=watch)
        if code == 0:
            return
        if code > 0 and code != STOPPED:
            break
    raise _failure(folder / FAILURE, code, log)


def _failure(path: Path, code: int, log: Path) -> RunFailed:
    if path.exists():
        said = json.loads(path.read_text(encoding="utf-8"))
        return RunFailed(said["code"], said["error"], said["remedy"])
    if code < 0:
        return RunFailed(
            "killed",
            say(
                "The training's process was killed {count} times (signal {signal}), perhaps because memory ran out.",
                count=ATTEMPTS,
                signal=-code,
            ),
            say("Free memory or choose a smaller base model, then retry the run."),
        )
    return RunFailed(
        "training_broken",
        say("The training's process ended with code {code}.", code=code),
        say("The log says why: {name}.", name=log.name),
    )
