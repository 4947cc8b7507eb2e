"""What a turn costs, learned from the turns themselves, and how many drafted tokens pay.

Pure: it is told the seconds. A model that waits for memory takes eight tokens in little more time than one, so that a
wrong guess is almost free; a small model, or a batch that is full anyway, pays for every token. Nor is the cost a
straight line: one token alone, a few, and many are computed by different kernels.
"""

from collections.abc import Sequence

import numpy as np

SMALL_TURN = 64
"""Tokens: a larger turn pays for every token."""
FIRST_SHARE = 0.3
"""A token's cost in proportion to that of a turn, before anything is known: hopeful, so that drafts are tried."""
NEAR = 0.15
"""How far, in the logarithm of its tokens, what one turn teaches holds for others."""
PACE = 0.1
"""How much a turn counts beside the turns of its size before it."""
LEVEL_PACE = 0.3
"""How much it counts in the level: more, so that what is the matter with all turns doesn't bend the curve."""
FORGETTING = 0.0005
"""How fast what is not seen again is forgotten, per turn."""
OUTLIER = 3.0
"""A turn that took so many times longer than expected was interrupted, and counts as this much."""

_SIZES = np.arange(1, SMALL_TURN + 1)
_FIRST = np.log((1 + FIRST_SHARE * _SIZES) / (1 + FIRST_SHARE))
_NEAR = np.exp(-np.abs(np.log(_SIZES[:, None] / _SIZES[None, :])) / NEAR)


class TurnCosts:
    """The seconds of a turn by its tokens: a level, times a curve.

    The level is what drifts for all alike: longer contexts and a busy machine make every turn slower.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._curve = _FIRST.copy()
        """Logarithms, for turns of 1 token to `SMALL_TURN`."""
        self._level: float | None = None
        """The logarithm of the seconds of a turn whose curve is 0."""

    def note(self, tokens: int, seconds: float) -> None:
        """Learn from a turn of that many tokens."""
        if tokens > SMALL_TURN:
            return
        taken = float(np.log(max(seconds, 1e-6)) - self._curve[tokens - 1])
        if self._level is None:
            self._level = taken
        error = min(max(taken - self._level, -np.log(OUTLIER)), np.log(OUTLIER))
        self._level += LEVEL_PACE * error
        self._curve += PACE * error * _NEAR[tokens - 1] + FORGETTING * (_FIRST - self._curve)

    def affordable(self, useful: int, chances: Sequence[float]) -> int:
        """Return how many drafted tokens make a turn of that many useful ones yield the most per second.

        The chances are those to be kept, the best first.
        """
        chances = chances[: max(SMALL_TURN - useful, 0)]
        if not chances:
            return 0
        curve = np.maximum.accumulate(self._curve)  # more tokens never cost less
        seconds = np.exp(curve[useful - 1 : useful + len(chances)])
        kept = useful + np.cumsum([0.0, *chances])
        return int(np.argmax(kept / seconds))
