"""What a turn costs, learned from the turns themselves, and how many drafted tokens pay.

Pure: it is told the seconds. A model that waits for memory takes eight tokens in little more time than one, so that a
wrong guess is almost free; a small model, or a batch that is full anyway, pays for every token. Nor is the cost a
straight line: one token alone, a few, and many are computed by different kernels.
"""

import math
from collections.abc import Sequence
from itertools import accumulate

SMALL_TURN = 64
"""Tokens: a larger turn pays for every token."""
FIRST_SHARE = 0.3
"""A token's cost in proportion to that of a turn, before anything is known: hopeful, so that drafts are tried."""
NEAR = 0.15
"""How far, in the logarithm of its tokens, what one turn teaches holds for others."""
LEAST_NEAR = 0.05
"""What it teaches less than this share of is left as it is."""
PACE = 0.1
"""How much a turn counts beside the turns of its size before it."""
LEVEL_PACE = 0.3
"""How much it counts in the level: more, so that what is the matter with all turns doesn't bend the curve."""
SPELL = 16
"""Turns after which the curve is looked at anew, and what is not seen again is forgotten a little."""
FORGETTING = 0.008
"""How much of it, per spell."""
OUTLIER = math.log(3.0)
"""A turn that took so many times longer than expected was interrupted, and counts as this much."""

_SIZES = range(1, SMALL_TURN + 1)
_FIRST = [math.log((1 + FIRST_SHARE * size) / (1 + FIRST_SHARE)) for size in _SIZES]


def _near(size: int) -> list[tuple[int, float]]:
    """Return the places in the curve that a turn of a size teaches something about, and how much."""
    shares = ((other - 1, math.exp(-abs(math.log(size / other)) / NEAR)) for other in _SIZES)
    return [(place, share) for place, share in shares if share >= LEAST_NEAR]


_NEAR = [_near(size) for size in _SIZES]


class TurnCosts:
    """The seconds of a turn by its tokens: a level, times a curve.

    The level is what drifts for all alike: longer contexts and a busy machine make every turn slower. Plain Python,
    because it runs in every turn, where vectors of 64 numbers don't pay.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._curve = list(_FIRST)
        """Logarithms, for turns of 1 token to `SMALL_TURN`."""
        self._level: float | None = None
        """The logarithm of the seconds of a turn whose curve is 0."""
        self._turns = 0
        self._costs = self._rising()

    def note(self, tokens: int, seconds: float) -> None:
        """Learn from a turn of that many tokens."""
        if tokens > SMALL_TURN:
            return
        taken = math.log(max(seconds, 1e-6)) - self._curve[tokens - 1]
        if self._level is None:
            self._level = taken
        error = min(max(taken - self._level, -OUTLIER), OUTLIER)
        self._level += LEVEL_PACE * error
        for place, share in _NEAR[tokens - 1]:
            self._curve[place] += PACE * error * share
        self._turns += 1
        if self._turns % SPELL == 0:
            self._curve = [now + FORGETTING * (first - now) for now, first in zip(self._curve, _FIRST, strict=True)]
            self._costs = self._rising()

    def affordable(self, useful: int, chances: Sequence[float]) -> int:
        """Return how many drafted tokens make a turn of that many useful ones yield the most per second.

        The chances are those to be kept, the best first.
        """
        if useful >= SMALL_TURN:
            return 0
        best, kept = 0, float(useful)
        most = kept / self._costs[useful - 1]
        for count, chance in enumerate(chances[: SMALL_TURN - useful], start=1):
            kept += chance
            yielded = kept / self._costs[useful + count - 1]
            if yielded > most:
                best, most = count, yielded
        return best

    def _rising(self) -> list[float]:
        """Return what turns cost by their tokens: more tokens never cost less."""
        return [math.exp(cost) for cost in accumulate(self._curve, max)]
