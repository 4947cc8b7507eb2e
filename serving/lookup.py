"""Prompt-lookup decoding: an answer that copies from its prompt is drafted by looking up its last few tokens there.

Pure: it never sees the model. The scheduler feeds a draft in the same batch as the token it follows, and `verified`
keeps what the model chooses too (Saxena 2023, prompt lookup decoding; Leviathan et al. 2023, arXiv:2211.17192).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

SIZES = (3, 2, 1)
"""Tokens that must have stood together before; the longest first."""
LONGEST_RUN = 8
"""Tokens: after longer runs that agreed, the next agrees as often as after this one."""
PACE = 1 / 8
"""How much the last token counts in the rates of one answer."""
SLOW_PACE = 1 / 32
"""How much it counts in the rates of all answers together."""
TOKEN_MEMORY = 16
"""How many of the last times a token was copied count."""
LEAST_CHANCE = 0.05
"""A token less likely to be kept is not worth the memory of the logits, however cheap it is."""


class Draft(NamedTuple):
    """What may follow an answer's last token."""

    tokens: Sequence[int]
    chances: Sequence[float]
    """Each token's to be kept, which it is only with all those before it: they fall."""


class Rates:
    """How often the next drafted token is right: by how many before it agreed, and by the token right before it.

    Copying goes on and on, and ends where sentences do.
    """

    def __init__(self, rates: Sequence[float] | None = None) -> None:
        """Begin with given rates by runs, or those of grounded answers."""
        self._by_run = list(rates or (1 - 0.6 / math.sqrt(run) for run in range(1, LONGEST_RUN + 1)))
        self._by_token: dict[int, tuple[float, int]] = {}
        """Rate and how often it was seen."""

    def copy(self) -> "Rates":
        """Return rates that begin with these, and go on by themselves."""
        copied = Rates(self._by_run)
        copied._by_token = dict(self._by_token)
        return copied

    def note(self, run: int, token: int, *, is_right: bool, pace: float) -> None:
        """Learn whether what followed a run, which ended with a token, was right."""
        place = min(run, LONGEST_RUN) - 1
        self._by_run[place] += pace * (is_right - self._by_run[place])
        rate, seen = self._by_token.get(token, (1.0, 0))
        self._by_token[token] = (rate + (is_right - rate) / min(seen + 2, TOKEN_MEMORY), seen + 1)

    def chances(self, run: int, tokens: Sequence[int]) -> list[float]:
        """Return the chances to be kept of what follows each of some tokens, the first of which ends a run."""
        chances: list[float] = []
        chance = 1.0
        for length, token in enumerate(tokens, start=run):
            by_run = self._by_run[min(length, LONGEST_RUN) - 1]
            chance *= min(by_run, self._by_token.get(token, (1.0, 0))[0], 0.99)
            if chance < LEAST_CHANCE:
                break
            chances.append(chance)
        return chances


class Lookup:
    """Drafts for one answer, from its prompt and from itself.

    It compares every token with what it would have drafted, whether it was drafted or not: so it switches itself off
    where it is mostly wrong, at no cost, and on again where the answer begins to copy.
    """

    def __init__(self, prompt: Sequence[int], rates: Rates) -> None:
        """Note where every few tokens of the prompt stand; the rates are those of all answers like this one."""
        self._tokens = list(prompt)
        self._following: dict[tuple[int, ...], int] = {}
        for size in SIZES:
            runs = zip(*(self._tokens[start:] for start in range(size)), strict=False)
            self._following.update(zip(runs, range(size, len(self._tokens)), strict=False))
        self._next: int | None = None
        self._run = 0
        self._all_rates, self._rates = rates, rates.copy()

    def add(self, token: int) -> None:
        """Take the answer's next token."""
        if self._next is not None:
            is_right = self._tokens[self._next] == token
            self._rates.note(self._run, self._tokens[-1], is_right=is_right, pace=PACE)
            self._all_rates.note(self._run, self._tokens[-1], is_right=is_right, pace=SLOW_PACE)
            self._next, self._run = (self._next + 1, self._run + 1) if is_right else (None, 0)
        end = len(self._tokens)
        for size in SIZES:
            self._following[tuple(self._tokens[end - size :])] = end
        self._tokens.append(token)
        if self._next is None:
            self._find()

    def draft(self, most: int) -> Draft:
        """Return what may follow, at most so many tokens; often none."""
        if self._next is None:
            return NOTHING
        tokens = self._tokens[self._next : self._next + most]
        chances = self._rates.chances(self._run, [self._tokens[-1], *tokens][: len(tokens)])
        return Draft(tokens[: len(chances)], chances)

    def _find(self) -> None:
        for size in SIZES:
            self._next = self._following.get(tuple(self._tokens[-size:]))
            if self._next is not None:
                self._run = size
                return


NOTHING = Draft((), ())
"""No draft."""


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
