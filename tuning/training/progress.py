"""How far a training is: what the child writes, the worker reads, and a chart shows."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tuning.training.files import write_json

FILE = "progress.json"
CHART_POINTS = 200


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One moment of a training."""

    stage: str
    """'adaptation', 'examples' or 'preferences'."""
    step: int
    """Steps done, of all stages together."""
    steps: int
    loss: float
    """Of the last step."""
    seconds_left: float
    losses: list[tuple[int, float]]
    """(step, loss) for the chart, at most 200 of them."""

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.step / self.steps if self.steps else 0.0

    def write(self, folder: Path) -> None:
        """Replace the folder's progress file; nobody waits for the disk: the next moment overtakes it."""
        write_json(folder / FILE, asdict(self), is_kept=False)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the folder's progress, if a training has begun there."""
        try:
            values = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        values["losses"] = [(int(step), float(loss)) for step, loss in values["losses"]]
        return cls(**values)


def thin(losses: list[float]) -> list[tuple[int, float]]:
    """Return the losses as points for a chart: means of equally many steps each."""
    width = -(-len(losses) // CHART_POINTS) or 1
    parts = [losses[start : start + width] for start in range(0, len(losses), width)]
    return [(number * width + len(part), round(sum(part) / len(part), 4)) for number, part in enumerate(parts)]
