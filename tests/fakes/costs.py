"""Turns that cost nothing, so that look-up decoding drafts all it can, however busy the machine is."""

from collections.abc import Sequence

from serving.costs import TurnCosts


class FreeTurns(TurnCosts):
    """Lets everything be drafted."""

    def affordable(self, useful: int, chances: Sequence[float]) -> int:
        return len(chances)
