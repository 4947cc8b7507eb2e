"""Finds what answers a question by the questions that were asked of it before, not by its own words.

Document expansion (Nogueira et al. 2019, arXiv:1904.08375), with the questions of a dataset in place of predicted ones:
all that were asked of a unit make one text, and these texts are compared by BM25 (Robertson and Zaragoza 2009). Small
words count, too: 'who', 'how long' and 'by when' tell one fact of a passage from another.
"""

import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from sqlmodel import Session

from tuning.rephrasing.telling import WORD, stem
from tuning.store import datasets

UNKNOWN = 0.35
"""What a unit counts whose document nobody was asked about, such as a new one: more than the best of the others has by
chance, less than it has if it is meant."""
_SATURATION, _LENGTH = 1.2, 0.75
"""BM25's k1 and b."""
_KEPT = 16
"""Expansions that are kept in memory, those of the datasets asked last."""

Place = tuple[int, int]
"""A passage's id, and which of its units."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, and the unit that answers it."""

    question: str
    place: Place
    document_id: str


class Expansion:
    """The questions of one dataset."""

    def __init__(self, asked: Iterable[Asked], others: Iterable[str] = ()) -> None:
        """Take them all; the same question of the same unit counts as often as it comes.

        `others` are documents that count as if they were asked about, though none of these questions is on them.
        """
        words: dict[Place, Counter[str]] = defaultdict(Counter)
        document_ids = set(others)
        for one in asked:
            if found := _words(one.question):
                words[one.place].update(found)
                document_ids.add(one.document_id)
        self.document_ids = frozenset(document_ids)
        """The documents that were asked about."""
        self._count = len(words)
        lengths = {place: sum(counts.values()) for place, counts in words.items()}
        usual = sum(lengths.values()) / self._count if self._count else 1.0
        self._weights: dict[str, list[tuple[Place, float]]] = defaultdict(list)
        """Of each word the units that were asked with it, each with what the word tells of it, from 0 to 1."""
        for place, counts in words.items():
            slow = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[place] / usual)
            for word, count in counts.items():
                self._weights[word].append((place, count / (count + slow)))

    def nearest(self, question: str) -> list[tuple[Place, float]]:
        """Return the units that were asked in some of the question's words, nearest first, each with its likeness.

        That is 1 for a unit that was asked in all of the words time and again, whatever these are.
        """
        found: dict[Place, float] = defaultdict(float)
        total = 0.0
        for word in set(_words(question)):
            held = self._weights.get(word, ())
            rarity = math.log(1 + (self._count - len(held) + 0.5) / (len(held) + 0.5))
            total += rarity
            for place, weight in held:
                found[place] += rarity * weight
        ordered = sorted(found.items(), key=lambda it: (-it[1], it[0]))
        return [(place, score / total) for place, score in ordered]


def learned(session: Session, dataset_id: str) -> Expansion | None:
    """Return what a dataset has taught search; None if nothing, or if it is gone."""
    with _lock:
        kept = _kept.get(dataset_id)
        if kept is not None:
            _kept.move_to_end(dataset_id)
    if not datasets.has_asked(session, dataset_id):
        return None
    if kept is None:
        rows = datasets.asked(session, dataset_id)
        kept = Expansion(
            Asked(question=question, place=(passage_id, detail["unit"]), document_id=document_id)
            for question, passage_id, document_id, detail in rows
        )
        with _lock:
            _kept[dataset_id] = kept
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)
    return kept


_kept: OrderedDict[str, Expansion] = OrderedDict()
_lock = Lock()


def _words(question: str) -> Sequence[str]:
    return [stem(word) for word in WORD.findall(question.lower())]
