"""Prompt-lookup decoding: an answer that copies from its prompt is drafted by looking up its last few tokens there.

Pure: it never sees the model. The scheduler feeds a draft in the same batch as the token it follows, and `verified`
keeps what the model chooses too (Saxena 2023, prompt lookup decoding; Leviathan et al. 2023, arXiv:2211.17192).
"""

import math
from collections.abc import Callable, Iterator, Sequence

SIZES = (3, 2, 1)
"""Tokens that must have stood together before; the longest first."""
LONGEST_RUN = 8
"""Tokens: after longer runs that agreed, the next agrees as often as after this one."""
PACE = 1 / 8
"""How much the last token counts in the rates at which drafted tokens are right."""
LEAST_PRICE = 0.05
"""A chance below this is not worth the memory of the logits, however cheap the token is."""


class Lookup:
    """Drafts for one answer, from its prompt and from itself.

    It compares every token with what it would have drafted, whether it was drafted or not: so it switches itself off
    where it is mostly wrong, at no cost, and on again where the answer begins to copy.
    """

    def __init__(self, prompt: Sequence[int]) -> None:
        """Note where every few tokens of the prompt stand."""
        self._tokens = list(prompt)
        self._following: dict[tuple[int, ...], int] = {}
        for size in SIZES:
            runs = zip(*(self._tokens[start:] for start in range(size)), strict=False)
            self._following.update(zip(runs, range(size, len(self._tokens)), strict=False))
        self._next: int | None = None
        self._run = 0
        self._rates = [1 - 0.6 / math.sqrt(run) for run in range(1, LONGEST_RUN + 1)]  # what grounded answers have

    def add(self, token: int) -> None:
        """Take the answer's next token."""
        if self._next is not None:
            is_right = self._tokens[self._next] == token
            place = min(self._run, LONGEST_RUN) - 1
            self._rates[place] += PACE * (is_right - self._rates[place])
            self._next, self._run = (self._next + 1, self._run + 1) if is_right else (None, 0)
        end = len(self._tokens)
        for size in SIZES:
            self._following[tuple(self._tokens[end - size :])] = end
        self._tokens.append(token)
        if self._next is None:
            self._find()

    def draft(self, price: float) -> list[int]:
        """Return what may follow: the tokens whose chance to be kept is at least the price of one; often none."""
        if self._next is None:
            return []
        return self._tokens[self._next : self._next + affordable(self._rates, self._run, price)]

    def _find(self) -> None:
        for size in SIZES:
            self._next = self._following.get(tuple(self._tokens[-size:]))
            if self._next is not None:
                self._run = size
                return


def affordable(rates: Sequence[float], run: int, price: float) -> int:
    """Return how many tokens to draft after a run that agreed: each is kept only with all those before it.

    rates holds how often the next token is right, by the length of the run before it, from 1; then it stays the last.
    """
    price = max(price, LEAST_PRICE)
    chance, count = 1.0, -1
    while chance >= price:
        count += 1
        chance *= min(rates[min(run + count, len(rates)) - 1], 0.99)
    return count


def verified(draft: Sequence[int], choose: Callable[[int], int]) -> Iterator[int]:
    """Yield the tokens chosen after a draft's beginnings, up to the first that differs from the draft.

    `choose` draws the token at a place from the model's own distribution there, as it would without a draft. So the
    text is the same, token by token and seed by seed. It is Leviathan's rule for a draft without alternatives: the
    drafted token is kept with the probability the model gives it, else the others share the draw in proportion.
    """
    for place, drafted in enumerate(draft):
        token = choose(place)
        yield token
        if token != drafted:
            return
    yield choose(len(draft))
