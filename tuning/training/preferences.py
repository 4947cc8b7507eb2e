"""Losses that learn from feedback: pure functions of log-probabilities, which are sums over a completion's tokens.

Tensors are named with their shape: B pairs or answers of a batch. The reference is the same model with the adapter as
it was before.
"""

import torch
from torch.nn.functional import logsigmoid


def dpo_loss(
    chosen_B: torch.Tensor,
    rejected_B: torch.Tensor,
    reference_chosen_B: torch.Tensor,
    reference_rejected_B: torch.Tensor,
    *,
    beta: float,
) -> torch.Tensor:
    """Return the mean loss of pairs: a correction is to become likelier, against the answer that was given.

    Rafailov et al. 2023, equation 7; `beta` is how dearly each step away from the reference is paid for.
    """
    margin_B = (chosen_B - reference_chosen_B) - (rejected_B - reference_rejected_B)
    return -logsigmoid(beta * margin_B).mean()


def kto_loss(
    answers_B: torch.Tensor,
    reference_B: torch.Tensor,
    liked_B: torch.Tensor,
    drift: torch.Tensor,
    *,
    beta: float,
    liked_weight: float,
    disliked_weight: float,
) -> torch.Tensor:
    """Return the mean loss of single answers with a thumb each; `liked_B` is true where it was up.

    Ethayarajh et al. 2024. `drift` estimates how far the model is from the reference, in nats: `drift_of`.
    """
    gain_B = answers_B - reference_B - drift
    loss_B = torch.where(
        liked_B,
        liked_weight * (1 - torch.sigmoid(beta * gain_B)),
        disliked_weight * (1 - torch.sigmoid(-beta * gain_B)),
    )
    return loss_B.mean()


def drift_of(mismatched_B: torch.Tensor, reference_B: torch.Tensor) -> torch.Tensor:
    """Return KTO's point of reference, in nats and without gradient: the mean log-ratio of answers to other questions.

    Not below zero, as the divergence that it estimates.
    """
    return (mismatched_B - reference_B).mean().clamp(min=0).detach()


def class_weights(liked: int, disliked: int) -> tuple[float, float]:
    """Return the weights of liked and disliked answers that let both classes count the same, the rarer one's raised.

    Ethayarajh et al. 2024. Where a class is empty, both weights are 1.
    """
    if not liked or not disliked:
        return 1.0, 1.0
    return max(1.0, disliked / liked), max(1.0, liked / disliked)
