"""What a turn costs, learned from the turns themselves: seconds = overhead + seconds per token * tokens.

Pure: it is told the seconds. A model that waits for memory takes one token or eight in nearly the same time, so that a
wrong guess is almost free; a small model, or a batch that is full anyway, pays for every token.
"""

FORGETTING = 0.98
"""What the turns so far still count after each new one."""
FIRST_SHARE = 0.3
"""A token's cost in proportion to the overhead, before anything is known."""
FIRST_WEIGHT = 20.0
"""How much that counts beside the turns, in squared tokens of difference."""
LEAST_OVERHEAD = 0.02
"""Of a turn: noise must not make tokens look like all it costs."""
SMALL_TURN = 64
"""Tokens: larger turns say nothing about small ones, because they use other kernels."""
OUTLIER = 3.0
"""A turn that took so many times longer than expected was interrupted, and counts as this much."""


class TurnCosts:
    """The seconds of a token by least squares over the differences between turns that follow one another.

    Differences, because the level drifts: longer contexts and a busy machine make every turn slower.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._tokens = self._seconds = 0.0
        """Means, the latest turns counting most."""
        self._last = (0.0, 0.0)
        self._squares = self._products = 0.0
        self._share = FIRST_SHARE

    def note(self, tokens: int, seconds: float) -> None:
        """Learn from a turn of that many tokens."""
        if tokens > SMALL_TURN:
            return
        if not self._seconds:
            self._tokens, self._seconds, self._last = tokens, seconds, (tokens, seconds)
            return
        expected = self._seconds * (1 + self._share * tokens) / (1 + self._share * self._tokens)
        seconds = min(seconds, OUTLIER * expected)
        more_tokens, more_seconds = tokens - self._last[0], seconds - self._last[1]
        self._last = tokens, seconds
        self._tokens += (1 - FORGETTING) * (tokens - self._tokens)
        self._seconds += (1 - FORGETTING) * (seconds - self._seconds)
        self._squares = FORGETTING * self._squares + more_tokens**2
        self._products = FORGETTING * self._products + more_tokens * more_seconds
        first = self._seconds * FIRST_SHARE / (1 + FIRST_SHARE * self._tokens)
        each = max((self._products + FIRST_WEIGHT * first) / (self._squares + FIRST_WEIGHT), 0.0)
        overhead = max(self._seconds - each * self._tokens, LEAST_OVERHEAD * self._seconds)
        self._share = each / overhead

    def price(self, tokens: int) -> float:
        """Return the chance from which one more token pays in a turn of that many useful ones, 0 to 1."""
        return self._share * tokens / (1 + self._share * tokens)
