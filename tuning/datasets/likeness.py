"""How far texts share words that are rare among them: what was made of what."""

import re
from collections import defaultdict
from collections.abc import Mapping
from math import log, sqrt

_RARE_SHARE, _RARE_MOST = 0.05, 20
"""A word is rare that stands in no more than this share of the texts, and in no more than this number of them."""
_ENOUGH = 0.25
"""Share of a text's rare words, by weight, that another one must have to have been made of the same."""
_MARGIN = 0.6
"""What the next best may have of the best one's share; nearer ones are both possible."""
_LEAST_LETTERS = 4
_WORD = re.compile(r"[^\W_](?:[\w'-]*[^\W_])?")


class Likeness:
    """Texts by id, compared by their rare words: each weighs its inverse document frequency (Spärck Jones 1972)."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Compare all texts; words that stand in one alone count as what others lack."""
        words = {key: _words(text) for key, text in texts.items()}
        holders: dict[str, list[str]] = defaultdict(list)
        for key, found in words.items():
            for word in found:
                holders[word].append(key)
        most = max(3, min(_RARE_MOST, int(_RARE_SHARE * len(texts))))
        weights = {word: log((len(texts) + 1) / len(them)) for word, them in holders.items() if len(them) <= most}
        self._totals = {key: sum(weights.get(word, 0.0) for word in found) for key, found in words.items()}
        self._shared: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for word, weight in weights.items():
            for one in holders[word]:
                for other in holders[word]:
                    if one != other:
                        self._shared[one][other] += weight

    def shares(self, key: str) -> dict[str, float]:
        """Return how much of the weight of a text's rare words each other text has, 0 to 1, where it has any."""
        return {other: weight / self._totals[key] for other, weight in self._shared.get(key, {}).items()}

    def held(self, key: str) -> dict[str, float]:
        """Return how much of the weight of each other text's rare words this text has."""
        return {other: weight / self._totals[other] for other, weight in self._shared.get(key, {}).items()}

    def mutual(self, key: str) -> dict[str, float]:
        """Return how near each other text is, both ways: the geometric mean."""
        held = self.held(key)
        return {other: sqrt(share * held[other]) for other, share in self.shares(key).items()}


def only(shares: Mapping[str, float]) -> str | None:
    """Return the one that has enough, and clearly more than any other; None if there is none."""
    order = sorted(shares, key=lambda key: shares[key], reverse=True)[:2]
    if not order or shares[order[0]] < _ENOUGH:
        return None
    return order[0] if len(order) == 1 or shares[order[1]] <= _MARGIN * shares[order[0]] else None


def is_beaten(own: str, shares: Mapping[str, float]) -> bool:
    """Return whether another one has enough, and clearly more than its own."""
    best = max((share for key, share in shares.items() if key != own), default=0.0)
    return best >= _ENOUGH and shares.get(own, 0.0) < _MARGIN * best


def _words(text: str) -> frozenset[str]:
    """Return the words of a text that can tell it from others: long ones, and numbers of more than one digit."""
    found = (word.casefold() for word in _WORD.findall(text))
    return frozenset(word for word in found if len(word) >= _LEAST_LETTERS or (len(word) > 1 and word[0].isdigit()))
