"""Steps that move all directions of a matrix alike, in float32.

torch has Muon too, but computes it in bfloat16 whatever the hardware: a CPU without units for that spends most of a
step on it. Here matrices of one shape are computed together. Shapes: N matrices, R rows, C columns.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch

_MOMENTUM = 0.95
_ITERATIONS = 5
_LINEAR, _CUBIC, _QUINTIC = 3.4445, -4.7750, 2.0315
"""Of the polynomial that takes singular values to between 0.7 and 1.2 within five iterations."""
_MATCHING = 0.2
"""Makes a step about as large as one of AdamW's at the same rate (Liu et al. 2025, arXiv:2502.16982)."""
_LEAST = 1e-7


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose steps are orthogonalised by a Newton-Schulz iteration (Jordan et al. 2024)."""

    def __init__(self, weights: Iterable[torch.nn.Parameter], *, lr: float, weight_decay: float) -> None:
        """Take the weights, all of them matrices."""
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move the weights that have gradients."""
        if closure is not None:
            raise ValueError("Muon takes the gradients that are there; it computes none.")
        for group in self.param_groups:
            alike: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[weight.shape].append(weight)
            for shape, weights in alike.items():
                moves_N_R_C = orthogonalised(torch.stack([self._momentum(weight) for weight in weights]))
                size = group["lr"] * _MATCHING * max(shape) ** 0.5
                for weight, move_R_C in zip(weights, moves_N_R_C, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(move_R_C, alpha=size)

    def _momentum(self, weight: torch.nn.Parameter) -> torch.Tensor:
        gradient = weight.grad
        if gradient is None:
            raise ValueError("A weight without a gradient has no momentum.")
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        return gradient.lerp(state["momentum"], _MOMENTUM)


def orthogonalised(given_N_R_C: torch.Tensor) -> torch.Tensor:
    """Return the matrices with all singular values near 1, and their singular vectors as they were."""
    is_high = given_N_R_C.shape[-2] > given_N_R_C.shape[-1]
    wide = given_N_R_C.mT if is_high else given_N_R_C
    wide = wide / wide.norm(dim=(-2, -1), keepdim=True).clamp(min=_LEAST)
    for _ in range(_ITERATIONS):
        products = wide @ wide.mT
        wide = _LINEAR * wide + (_CUBIC * products + _QUINTIC * products @ products) @ wide
    found: torch.Tensor = wide.mT if is_high else wide
    return found
