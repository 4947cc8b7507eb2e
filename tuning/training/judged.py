"""Feedback to batches: each step takes some judged answers, and examples that it is to keep to."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tuning.domain.prompts import Message
from tuning.training.batches import Batch, Role, Row
from tuning.training.config import TrainingConfig


def cases(judged: Sequence[dict[str, Any]], render: Callable[[Sequence[Message], str], Row]) -> list[Batch]:
    """Return the rows of each preference of a dataset: correction and answer, or the answer that has a thumb.

    With the answer goes one to another question, by which KTO tells how far the model has come from the reference.
    """
    pairs = [it for it in judged if "rejected" in it]
    thumbs = [it for it in judged if "is_liked" in it]
    found: list[Batch] = []
    for it in pairs:
        chosen, rejected = render(it["messages"], it["completion"]), render(it["messages"], it["rejected"])
        found.append((replace(chosen, role=Role.CHOSEN), replace(rejected, role=Role.REJECTED)))
    for it, other in zip(thumbs, [*thumbs[1:], *thumbs[:1]], strict=True):
        role = Role.LIKED if it["is_liked"] else Role.DISLIKED
        rows = [replace(render(it["messages"], it["completion"]), role=role)]
        if other is not it:
            rows.append(replace(render(it["messages"], other["completion"]), role=Role.MISMATCHED))
        found.append(tuple(rows))
    return found


def judged_batches(
    found: Sequence[Batch], examples: Sequence[Row], config: TrainingConfig, chance: random.Random
) -> list[Batch]:
    """Return the steps of the stage: every case in each epoch, in random order, and by chance examples beside them."""
    fit = [case for case in found if max(len(row.tokens) for row in case) <= config.row_tokens]
    steps: list[Batch] = []
    for _ in range(config.preference_epochs):
        shuffled = chance.sample(fit, len(fit))
        for start in range(0, len(shuffled), config.preference_cases):
            judged = [row for case in shuffled[start : start + config.preference_cases] for row in case]
            beside = chance.sample(examples, min(config.preference_examples, len(examples)))
            steps.append((*judged, *beside))
    return steps
