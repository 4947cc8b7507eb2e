"""Corrections are learned until they are certain: one that is learned by half is answered as before, to somebody."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from tuning.domain.datasets import Origin
from tuning.training.batches import Batch, Row
from tuning.training.config import TrainingConfig
from tuning.training.crew import Crew
from tuning.training.passes import log_probabilities


def correction_batches(rows: Sequence[Row], config: TrainingConfig, chance: random.Random) -> Iterator[Batch]:
    """Give the steps of all passes: a few corrections each, and by chance examples to keep to beside them."""
    corrections = [row for row in rows if row.origin == Origin.CORRECTION]
    examples = [row for row in rows if row.origin != Origin.CORRECTION]
    for _ in range(config.correction_passes):
        shuffled = chance.sample(corrections, len(corrections))
        for start in range(0, len(shuffled), config.preference_cases):
            beside = chance.sample(examples, min(config.preference_examples, len(examples)))
            yield (*shuffled[start : start + config.preference_cases], *beside)


@torch.no_grad()
def uncertain(model: Any, batch: Batch, certainty: float, crew: Crew) -> Batch:
    """Return a batch without the corrections whose answers are at least so probable; nothing if all of them are.

    A whole answer above one half is what greedy decoding writes: no other token can be likelier at any place.
    """
    corrections = tuple(row for row in batch if row.origin == Origin.CORRECTION)
    learned = {
        row
        for group in crew.parts(corrections)
        for row, value in zip(group, log_probabilities(model, group, crew.device).tolist(), strict=True)
        if value >= math.log(certainty)
    }
    return tuple(row for row in batch if row not in learned) if learned != set(corrections) else ()
