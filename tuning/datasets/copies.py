"""Which documents say the same: copies, versions and excerpts of one another. Pure functions of texts."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

from tuning.datasets.questions import normalised
from tuning.documents.markup import sentences

_SHARE = 0.5
"""Of the shorter one's telling sentences: two documents that have so many in common count as the same."""
_COMMON = 5
"""A sentence that stands in more documents is an organisation's way of putting things, and tells nothing."""


def originals(texts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return for each document (id to its passages' texts) the first of those that say the same; itself if none does.

    What is first goes by the order of `texts`. Of copies of one whole text it doesn't matter how many there are.
    """
    first: dict[frozenset[str], str] = {}
    found: dict[str, str] = {}
    said = {key: frozenset(filter(None, map(normalised, _sentences(passages)))) for key, passages in texts.items()}
    for key, words in said.items():
        found[key] = first.setdefault(words, key) if words else key
    holders: dict[str, list[str]] = defaultdict(list)
    for words, key in first.items():
        for sentence in words:
            holders[sentence].append(key)
    telling = {sentence: them for sentence, them in holders.items() if len(them) <= _COMMON}
    sizes = Counter(key for them in telling.values() for key in them)
    shared = Counter(pair for them in telling.values() for pair in combinations(them, 2))
    places = {key: place for place, key in enumerate(texts)}
    for (one, other), count in shared.items():
        if count >= _SHARE * min(sizes[one], sizes[other]):
            kept, joined = sorted((found[one], found[other]), key=places.__getitem__)
            if kept != joined:
                found = {key: kept if its == joined else its for key, its in found.items()}
    return found


def _sentences(passages: Sequence[str]) -> list[str]:
    return [sentence for text in passages for line in text.splitlines() for sentence in sentences(line)]
