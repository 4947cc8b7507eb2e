"""Whether a release that is tried on a share of people is worse than the live one: a test to look at after each rating.

It knows ratings and nothing else. It bets that the canary is worse: from one unit, it puts a part of what it has on the
difference between the two releases, again and again. If the canary is no worse, these bets gain nothing on average,
whatever their size, and the chance that what is there ever reaches 20 units is at most 1 in 20 (Ville 1939), so that
looking often is no cheating. This is the test by betting of Waudby-Smith and Ramdas, 'Estimating means of bounded
random variables by betting', JRSS B 86 (2024), here on the difference of two means; instead of one size of bets it
holds several at once, and averages them (Robbins 1970).

Differences come from ratings in their order: each run of ratings of one release is paired with the first of the other
after it. What changes with time, such as what is asked, is alike on both sides of a pair.

Ratings of one person are alike, and would count for more than they say. So a person counts once in a test, with the
first rating: one who rates a hundred answers weighs as much as one who rates one, and a change of mind, which would
change the past, changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
# Legend of the shapes: N ratings, P pairs of them, K stakes.

MAX_FALSE_ROLLBACKS = 0.05
"""In what share of the canaries that are no worse the test may ever say that they are."""
NEEDED = 1 / MAX_FALSE_ROLLBACKS
"""The units from which on it says so."""
_STAKES = np.arange(1, 10) / 10
"""The parts of what is there that are put on the next difference; less than all, so that one loss isn't the end."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The ratings of both releases, and what they say."""

    good: int
    """Ratings of the canary that are good."""
    rated: int
    """All ratings of the canary."""
    live_good: int
    live_rated: int
    evidence: float
    """The units that the bets have come to; 1 at first."""

    @property
    def is_worse(self) -> bool:
        """Whether the canary is worse than the live release, as far as the test promises."""
        return self.evidence >= NEEDED


def is_chosen(person_id: str, release_id: str, share: int) -> bool:
    """Return whether a person gets the canary at a share, in percent.

    The same person always gets the same, and who has it keeps it when the share grows; each release draws anew.
    """
    drawn = hashlib.sha256(f"{release_id}:{person_id}".encode()).digest()
    return int.from_bytes(drawn[:8]) % 100 < share


def tally(is_canary: Sequence[bool], is_good: Sequence[bool]) -> Tally:
    """Count ratings, one per person, in their order, and test them."""
    canary_N, good_N = np.asarray(is_canary, dtype=bool), np.asarray(is_good, dtype=bool)
    _ends, units_P = bets(canary_N, good_N)
    return Tally(
        good=int(good_N[canary_N].sum()),
        rated=int(canary_N.sum()),
        live_good=int(good_N[~canary_N].sum()),
        live_rated=int((~canary_N).sum()),
        evidence=float(units_P[-1]) if len(units_P) else 1.0,
    )


def bets(canary_N: Flags, good_N: Flags) -> tuple[list[int], NDArray[np.float64]]:
    """Return after how many ratings each pair was complete, and what the bets had come to then.

    Where a pair ends depends on whose ratings come, never on what they say: no end can be chosen to suit.
    """
    ends = _ends(canary_N.tolist())
    if not ends:
        return [], np.empty(0)
    begins, length = [0, *ends[:-1]], ends[-1]
    canary_P, live_P = (_means(good_N[:length], of[:length], begins) for of in (canary_N, ~canary_N))
    gains_P_K = 1 + np.outer(live_P - canary_P, _STAKES)
    return ends, np.cumprod(gains_P_K, axis=0).mean(axis=1)


def _ends(is_canary: list[bool]) -> list[int]:
    """Return where a rating of the other release completes a pair; the next rating begins another."""
    ends, begin = [], 0
    for position, one in enumerate(is_canary):
        if one != is_canary[begin]:
            begin = position + 1
            ends.append(begin)
    return ends


def _means(good_N: Flags, of_N: Flags, begins: list[int]) -> NDArray[np.float64]:
    """Return the share of good ratings of one release, pair by pair."""
    means: NDArray[np.float64] = np.add.reduceat(good_N & of_N, begins, dtype=float) / np.add.reduceat(
        of_N, begins, dtype=float
    )
    return means
