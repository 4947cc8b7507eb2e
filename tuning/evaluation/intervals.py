"""How sure a mean is: bootstrap intervals of 95 % (Efron 1979), the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
_BOUNDS = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean with the bounds between which it lies in 95 of 100 cases."""

    mean: float
    low: float
    high: float
    n: int
    """How many values it was made of."""

    def as_scores(self) -> dict[str, float]:
        """Return it as an evaluation keeps it."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "n": float(self.n)}


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the mean of at least one value with its interval."""
    values_N = np.asarray(values, dtype=float)
    picks_R_N = np.random.default_rng(seed).integers(len(values_N), size=(RESAMPLES, len(values_N)))
    low, high = np.percentile(values_N[picks_R_N].mean(axis=1), _BOUNDS)
    return Interval(mean=float(values_N.mean()), low=float(low), high=float(high), n=len(values_N))


def difference(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Interval:
    """Return by how much the first is above the second, where both were measured on the same examples."""
    return bootstrap([one - other for one, other in zip(first, second, strict=True)], seed)
