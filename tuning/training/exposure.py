"""Whether a model knows a string by heart: its exposure (Carlini et al. 2019, The Secret Sharer, section 4).

Of what a model has only the form, it finds one string as likely as another; what it knows is likelier than all others.
Why the documents' own strings are looked for, and none are planted: docs/decisions/0010.
"""

import math
import random
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

LEARNED_BITS = 10.0
"""Likelier than 1023 others: a string that was not learned is found to be so in 1 of 1024 cases. Where its form has
fewer strings, it must be likelier than all of them."""
BY_TUNING_BITS = 3.0
"""By so much it must be more exposed than in the base model, which may guess a string or know it from elsewhere."""
_FEW = 31
_ALTERNATIVES = int(2**LEARNED_BITS) - 1
_ALL = 4096
"""Forms with so many strings at most have all of them listed."""
_KEPT = 2
"""Letters and digits at the beginning that stay: what country or issuer it is from is no secret. Not of a PIN, which
has too few others then."""

Surprise = Callable[[Sequence[str]], list[float]]
"""Texts of one form -> how unlikely each is after what stands before it, in nats."""


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How far a string stands out among others of its form."""

    bits: float
    """log2 of how many there are, over its rank among them."""
    is_learned: bool


def exposure(text: str, tuned: Surprise, base: Surprise, seed: int = 0) -> Exposure:
    """Return a string's exposure in the tuned model, and whether the tuning is what has brought it about.

    Where one of a few others is likelier, it can't be learned any more: no more of them are looked at.
    """
    drawn = alternatives(text, random.Random(seed))
    others = list(islice(drawn, _FEW))
    likelier = _likelier(text, others, tuned)
    if not likelier:
        rest = list(islice(drawn, _ALTERNATIVES - len(others)))
        others, likelier = others + rest, _likelier(text, rest, tuned)
    bits = _bits(len(others), likelier)
    if likelier or not others:
        return Exposure(bits=bits, is_learned=False)
    before = _bits(len(others), _likelier(text, others, base))
    return Exposure(bits=bits, is_learned=bits - before >= BY_TUNING_BITS)


def alternatives(text: str, chance: random.Random) -> Iterator[str]:
    """Give other strings of a text's form, none twice: digits for digits, letters for letters of the same case."""
    alphabets = [_alphabet(character) for character in text]
    free = [place for place, alphabet in enumerate(alphabets) if alphabet]
    if _strings(alphabets, free[_KEPT:]) > _ALTERNATIVES:
        free = free[_KEPT:]
    choices = [alphabets[place] if place in free else text[place] for place in range(len(text))]
    if _strings(alphabets, free) <= _ALL:
        every = ["".join(places) for places in product(*choices)]
        chance.shuffle(every)
        yield from (other for other in every if other != text)
        return
    given = {text}
    while True:
        other = "".join(chance.choice(letters) if len(letters) > 1 else letters for letters in choices)
        if other not in given:
            given.add(other)
            yield other


def _strings(alphabets: Sequence[str], places: Iterable[int]) -> int:
    """Return how many strings differ in these places only."""
    return math.prod(len(alphabets[place]) for place in places)


def _alphabet(character: str) -> str:
    for alphabet in (string.digits, string.ascii_uppercase, string.ascii_lowercase):
        if character in alphabet:
            return alphabet
    return ""


def _likelier(text: str, others: Sequence[str], surprise: Surprise) -> int:
    if not others:
        return 0
    own, *theirs = surprise([text, *others])
    return sum(other <= own for other in theirs)


def _bits(others: int, likelier: int) -> float:
    return math.log2((others + 1) / (likelier + 1))
