"""Questions of people who do not know the document: few of its words are in them, and some that it does not have."""

import random
import re
from collections.abc import Set as AbstractSet

from tuning.starter.lexicon import ADJECTIVES, NOUNS, VERBS

_WORD = re.compile(r"[a-z]{3,}")
_FRAME = frozenset(
    """
    a about address all amount and any are ask asked at big call called can charge code colour come contact
    copies cost costs could date day days department did does duration early email employees end entitlement
    everyone expected far fast fill for form from get gets give given had has have head help here hour hours how
    i if in is it know large last late latest least length limit long longest many may me minutes moment money
    month months most much must my name named need needed next not notice number often old on one open our own
    owner paid pay people percent person phone place please price quickly rate reach reference required
    responsible room share should show size soon spend staff start starts sum system take takes tell that the
    their there they thing time to tool use used users value version want was we week weeks were what when where
    which who whom whose why will with within would write year years you your
    """.split()  # noqa: SIM905
)
"""Words that tell what kind of answer is wanted, or nothing."""
_OTHERS = [word for word in (*NOUNS, *VERBS, *ADJECTIVES) if word.isalpha() and word not in _FRAME]
SHARE = 0.45
"""Of the words that may go."""
LEFT_OUT = 0.4
"""Of those that go, the share that nothing takes the place of."""


def words(text: str) -> set[str]:
    """Return the words that tell one thing from another, in small letters and without a plural's s."""
    return {_stem(word) for word in _WORD.findall(text.lower()) if word not in _FRAME}


def loosened(rng: random.Random, question: str, *, kept: AbstractSet[str], foreign: AbstractSet[str]) -> str:
    """Return the question with some of its words left out and some replaced by words that mean nothing here.

    The words that are `kept` stay (as `words` returns them), and so do names and figures; none of the `foreign`, words
    that stand in the passages, comes in.
    """

    def other(found: re.Match[str]) -> str:
        word = found[0]
        if word in _FRAME or _stem(word) in kept or rng.random() >= SHARE:
            return word
        if rng.random() < LEFT_OUT:
            return ""
        chosen = rng.choice(_OTHERS)
        return word if _stem(chosen) in foreign else chosen

    said = " ".join(re.sub(r"(?<![\w.@-])[a-z]{3,}(?![\w@-])", other, question).split())
    return re.sub(r" (?=[?.,])", "", said)


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 4 else word
