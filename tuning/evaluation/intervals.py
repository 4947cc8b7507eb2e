"""How sure a mean is, and whether one model is better than another or no worse. The same seed, the same result."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
_BOUNDS = (2.5, 97.5)
_LOWEST = 5.0
_Z = 1.96
"""Standard deviations that 95 of 100 cases lie within."""
_LEAST_LOSS = 0.2
_TIE = 1e-9

Values = NDArray[np.float64]


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


@dataclass(frozen=True, kw_only=True)
class Difference(Interval):
    """By how much one model is above another on the same examples, and what that may claim."""

    chance: float
    """How often two models that are equally good would differ as much in favour of the first."""
    floor: float
    """What the difference lies above in 95 of 100 cases, also where few examples have shown no loss yet."""


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the mean of at least one value with its interval, by bootstrap (Efron 1979)."""
    values_N = np.asarray(values, dtype=float)
    low, high = np.percentile(_means(values_N, seed), _BOUNDS)
    return Interval(mean=float(values_N.mean()), low=float(low), high=float(high), n=len(values_N))


def wilson(share: float, n: int) -> Interval:
    """Return the interval of a share of n answers, also of few and of none or all (Wilson 1927)."""
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return Interval(mean=share, low=max(0.0, middle - reach), high=min(1.0, middle + reach), n=n)


def difference(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Difference:
    """Return by how much the first is above the second, where both were measured on the same examples."""
    gains_N = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    found = bootstrap(list(gains_N), seed)
    return Difference(
        mean=found.mean,
        low=found.low,
        high=found.high,
        n=found.n,
        chance=float(chances(gains_N, seed)),
        floor=float(floors(gains_N, seed)),
    )


def chances(gains: Values, seed: int = 0) -> Values:
    """Return for gains (..., N) on the same examples how often chance alone brings as much, as (...).

    If neither model is better, each gain might as well have been a loss: the signs are drawn anew (Fisher 1935). That
    holds for any number of examples; for right and wrong it is McNemar's exact test (1947), up to the draws.
    """
    signs_N_R = np.random.default_rng(seed).choice([-1.0, 1.0], size=(gains.shape[-1], RESAMPLES))
    as_much = gains @ signs_N_R >= gains.sum(axis=-1, keepdims=True) - _TIE
    shares: Values = (1 + as_much.sum(axis=-1)) / (1 + RESAMPLES)
    return shares


def floors(gains: Values, seed: int = 0) -> Values:
    """Return for gains (..., N) what their mean lies above in 95 of 100 cases, as (...).

    A bootstrap knows no loss that it has not seen: without one in 20 questions it would be sure that there are none. So
    one more example counts, a lost one: a whole answer where answers are right or wrong, and else the greatest loss.
    """
    is_right_or_wrong = np.isin(gains, (-1.0, 0.0, 1.0)).all(axis=-1, keepdims=True)
    greatest = np.minimum(gains.min(axis=-1, keepdims=True), -_LEAST_LOSS)
    lost = np.where(is_right_or_wrong, -1.0, greatest)
    bounds: Values = np.percentile(
        _means(np.concatenate([gains, lost], axis=-1), seed), _LOWEST, axis=-1, overwrite_input=True
    )
    return bounds


def _means(values: Values, seed: int) -> Values:
    """Return the means of values (..., N) in each resample, as (..., R)."""
    count = values.shape[-1]
    weights_R_N = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    means: Values = values @ weights_R_N.T.astype(float) / count
    return means
