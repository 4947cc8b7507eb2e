"""Steps that learn from feedback: corrections against what they correct, and answers with a thumb.

Tensors are named with their shape: B judged rows of a batch, R distinct ones among them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch

from tuning.training.batches import Batch, Role
from tuning.training.config import TrainingConfig
from tuning.training.crew import Crew
from tuning.training.passes import log_probabilities
from tuning.training.preferences import class_weights, dpo_loss, drift_of, kto_loss


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What the losses of a stage are weighed with."""

    beta: float
    liked_weight: float
    disliked_weight: float

    @classmethod
    def of(cls, config: TrainingConfig, batches: Sequence[Batch]) -> Self:
        """Return the weights of a stage: those of the thumbs are by how many there are of each kind."""
        count = Counter(row.role for batch in batches for row in batch)
        liked, disliked = class_weights(count[Role.LIKED], count[Role.DISLIKED])
        return cls(
            beta=config.preference_beta,
            liked_weight=liked,
            disliked_weight=disliked,
        )


@torch.no_grad()
def references(model: Any, batches: Sequence[Batch], crew: Crew) -> list[list[float]]:
    """Return the log-probability of every row of every batch, in nats, with the weights as they are.

    Zero for examples, which are not compared with the reference. Each row is computed once, however often it comes.
    """
    judged = tuple(dict.fromkeys(row for batch in batches for row in batch if row.role is not Role.EXAMPLE))
    known = {
        row: value
        for group in crew.parts(judged)
        for row, value in zip(group, log_probabilities(model, group, crew.device).tolist(), strict=True)
    }
    return [[known.get(row, 0.0) for row in batch] for batch in batches]


def kept(batch: Batch) -> Batch:
    """Return what a step is to keep to while it learns from feedback: its examples and its corrections."""
    return tuple(row for row in batch if row.role in {Role.EXAMPLE, Role.CHOSEN})


def learn_judged(model: Any, batch: Batch, reference: Sequence[float], judging: Judging, crew: Crew) -> float:
    """Add the gradients of the loss on a batch's judged rows to the weights', and return this process's share of it.

    The loss ties rows together that are not in memory at once: what it takes of each row's log-probability is found
    first, without the model's gradients, and then goes back through the model part by part. The sum is the same.
    """
    judged = {number: row for number, row in enumerate(batch) if row.role is not Role.EXAMPLE}
    parts = crew.parts(tuple(dict.fromkeys(judged.values())))
    with torch.no_grad():
        values = [log_probabilities(model, part, crew.device) for part in parts]
    log_R = torch.cat(values).double().requires_grad_()
    index = {row: number for number, row in enumerate(row for part in parts for row in part)}
    log_B = log_R[[index[row] for row in judged.values()]]
    reference_B = torch.tensor([reference[number] for number in judged], dtype=torch.double, device=crew.device)
    loss = judged_loss(log_B, reference_B, tuple(judged.values()), judging)
    (slope_R,) = torch.autograd.grad(loss, log_R)
    for part in crew.own(parts):
        slope = slope_R[[index[row] for row in part]].float()
        (log_probabilities(model, part, crew.device) * slope).sum().backward()  # type: ignore[no-untyped-call]
    return loss.item() if crew.leads else 0.0


def judged_loss(log_B: torch.Tensor, reference_B: torch.Tensor, batch: Batch, judging: Judging) -> torch.Tensor:
    """Return the mean loss over corrections and thumbs, given the log-probabilities of all judged rows."""
    numbers = {role: [number for number, row in enumerate(batch) if row.role is role] for role in Role}
    chosen, rejected, strange = numbers[Role.CHOSEN], numbers[Role.REJECTED], numbers[Role.MISMATCHED]
    thumbs = numbers[Role.LIKED] + numbers[Role.DISLIKED]
    total = log_B.new_zeros(())
    if chosen:
        compared = log_B[chosen], log_B[rejected], reference_B[chosen], reference_B[rejected]
        total = total + len(chosen) * dpo_loss(*compared, beta=judging.beta)
    if thumbs:
        total = total + len(thumbs) * kto_loss(
            log_B[thumbs],
            reference_B[thumbs],
            torch.tensor([batch[number].role is Role.LIKED for number in thumbs], device=log_B.device),
            drift_of(log_B[strange], reference_B[strange]) if strange else log_B.new_zeros(()),
            beta=judging.beta,
            liked_weight=judging.liked_weight,
            disliked_weight=judging.disliked_weight,
        )
    return total / (len(chosen) + len(thumbs))
