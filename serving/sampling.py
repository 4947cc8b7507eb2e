"""Logits to tokens: penalties, temperature, then min-p, top-k and top-p, by a generator of the request's own.

The order is that of transformers and vLLM. V is the vocabulary's size.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from serving.request import Sampling

COLDEST = 1e-3
"""A lower temperature is taken as 0: dividing by it would leave the likeliest token only, or overflow."""
REPEAT_WINDOW = 64
"""Tokens that the repeat penalty looks back at."""

Logits = NDArray[np.float32]


class Sampler:
    """Chooses the tokens of one answer. Two with the same seed choose alike, whatever runs beside them."""

    def __init__(self, sampling: Sampling) -> None:
        """Seed the generator."""
        self._sampling = sampling
        self._random = np.random.default_rng(sampling.seed)
        self._is_cold = sampling.temperature < COLDEST
        self._penalises = (
            sampling.repeat_penalty != 1.0 or sampling.presence_penalty != 0.0 or sampling.frequency_penalty != 0.0
        )

    @property
    def is_greedy(self) -> bool:
        """Whether the choice is the largest logit, untouched."""
        return self._is_cold and not self._penalises

    def choose(self, logits_V: Logits, prompt: Sequence[int], answer: Sequence[int]) -> int:
        """Return the next token after a prompt and the answer so far. The logits are left as they are."""
        if self._penalises:
            logits_V = self._penalised(logits_V, prompt, answer)
        if self._is_cold:
            return int(np.argmax(logits_V))
        scaled_V = logits_V.astype(np.float64) / self._sampling.temperature
        weights_V = np.exp(scaled_V - scaled_V.max())
        candidates = self._candidates(weights_V)
        cumulated = np.cumsum(weights_V[candidates])
        place = int(np.searchsorted(cumulated, self._random.random() * cumulated[-1], side="right"))
        return int(candidates[min(place, len(candidates) - 1)])

    def _penalised(self, logits_V: Logits, prompt: Sequence[int], answer: Sequence[int]) -> Logits:
        penalised_V = logits_V.copy()
        if self._sampling.repeat_penalty != 1.0:
            recent = np.unique(np.array([*prompt[-REPEAT_WINDOW:], *answer][-REPEAT_WINDOW:], np.int64))
            values = penalised_V[recent]
            penalty = np.float32(self._sampling.repeat_penalty)
            penalised_V[recent] = np.where(values > 0, values / penalty, values * penalty)
        if answer:
            tokens, counts = np.unique(np.array(answer, np.int64), return_counts=True)
            penalised_V[tokens] -= np.float32(self._sampling.presence_penalty)
            penalised_V[tokens] -= np.float32(self._sampling.frequency_penalty) * counts.astype(np.float32)
        return penalised_V

    def _candidates(self, weights_V: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the tokens that may be chosen, likeliest first where an order matters. The largest weight is 1."""
        limits = self._sampling
        least = limits.min_p
        if limits.top_p < 1.0:
            # All tokens below this weight together have less than 1 - top_p, so none of them is in the nucleus.
            least = max(least, (1.0 - limits.top_p) * float(weights_V.sum()) / len(weights_V))
        candidates = np.flatnonzero(weights_V >= least)
        if 0 < limits.top_k < len(candidates):
            top = np.argpartition(weights_V[candidates], -limits.top_k)[-limits.top_k :]
            candidates = np.sort(candidates[top])
        if limits.top_p < 1.0:
            candidates = candidates[np.argsort(-weights_V[candidates], kind="stable")]
            total = weights_V[candidates].sum() if limits.top_k or limits.min_p else weights_V.sum()
            cumulated = np.cumsum(weights_V[candidates])
            candidates = candidates[: int(np.searchsorted(cumulated, limits.top_p * total)) + 1]
        return candidates


def log_probabilities(logits_V: Logits) -> NDArray[np.float64]:
    """Return the natural logarithms of the softmax."""
    shifted_V = logits_V.astype(np.float64) - float(logits_V.max())
    normalised_V: NDArray[np.float64] = shifted_V - np.log(np.exp(shifted_V).sum())
    return normalised_V


def likeliest(values_V: NDArray[np.float64], count: int) -> list[int]:
    """Return the indices of the largest values, largest first."""
    if count <= 0:
        return []
    top = np.argpartition(values_V, -count)[-count:]
    return [int(index) for index in top[np.argsort(-values_V[top])]]
