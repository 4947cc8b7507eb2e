"""The words of a text that tell what it is about, in the form that inflections share."""

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
    """a about all am an and any anybody anyone are as at be been before being but by can could d dear did do does doing
    don done else ever for from get gets give given good got had happen happens has have having hello hey hi how i if in
    into is it its just kind know let like ll long many may me might mind morning much must my need needed needs now of
    on one or our ours ourselves out over please possible quick re really s shall she should so some somebody someone
    something sorry t tell thank thanks that the their them then there these they thing things this those to too us use
    used using ve very want wants was we were what whats when where whether which while who whom whose why will with
    wonder would yes you your yours""".split()  # noqa: SIM905
)
LIGHT_WORDS = frozenset(
    """back big change check close come company day early employee employees end fast find first go hear high keep last
    late least less long look lot low make many money more most number often old open part pay people person place
    put quick quickly say set soon somebody sort staff start stop take time way work working""".split()  # noqa: SIM905
)
"""Words that many questions have, and that tell less than others what they are about."""
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y")
_LEAST_STEM = 3
_KEPT = 2**16
"""Words whose stems are kept: more than a few hundred documents have."""


@lru_cache(_KEPT)
def stem(word: str) -> str:
    """Return a word without its English ending, near enough to what the index does."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
