"""Where a training stands, in one file that is there whole or not at all, so that kill -9 costs seconds."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tuning.training.files import write_whole

FILE = "checkpoint.pt"


@dataclass(kw_only=True)
class Position:
    """How far a training is."""

    stage: int = 0
    step: int = 0
    """Steps done in that stage."""
    losses: list[float] = field(default_factory=list)
    """Of every step so far."""
    settled: int = 0
    """Steps of the stage, one after another up to here, that found every correction certain."""
    seconds: float = 0.0
    """Of work so far, all attempts together."""
    references: list[list[float]] = field(default_factory=list)
    """Log-probabilities of the judged rows before anything was learned from them, per batch; empty until then."""


def save(
    folder: Path, plan: str, position: Position, adapter: dict[str, torch.Tensor], optimiser: torch.optim.Optimizer
) -> None:
    """Write the checkpoint; `plan` is the hash of what is being trained."""
    content = {
        "plan": plan,
        "position": vars(position),
        "adapter": adapter,
        "optimiser": optimiser.state_dict(),
        "chance": torch.get_rng_state(),
    }
    # Through memory, because torch reports a full disk as something else.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_whole(folder / FILE, buffer.getvalue())


def load(folder: Path, plan: str) -> dict[str, Any] | None:
    """Return the folder's checkpoint, if there is one of this very plan."""
    path = folder / FILE
    if not path.is_file():
        return None
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return content if content["plan"] == plan else None


def seed(number: int) -> None:
    """Make chance repeatable."""
    torch.manual_seed(number)
