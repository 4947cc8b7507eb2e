"""What a model that reads little is shown of the passages found: of all their units, those that fit best.

Of the sample organisation's 99 answers, the best unit of each of four passages held 71, and the whole passages 94; the
six best units of six passages hold 89 where they are compared by words alone or by meaning alone, by both 93. Where
search has learned from questions, it is shown the best unit alone: see docs/search.md.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from tuning.documents.passages import units
from tuning.documents.search import FoundPassage

SPARE = 2
"""Passages to look for, and units to show, beyond as many as are asked for: several may be of one passage."""
_BEHIND = 0.5
"""What a unit's fit loses with each passage that search ranks before its own: the order tells much."""
_MEANING = 3.0
"""What a unit's likeness in meaning, from 0 to 1, counts beside how well its words fit."""

_ASKED = 15.0
"""What its likeness to the questions that it was asked, from 0 to 1, counts beside that."""


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A unit, or what search took for the best of a passage that has no vectors yet."""

    place: int
    """Of its passage among those found."""
    unit: int | None
    likeness: float


def condensed(found: Sequence[FoundPassage], limit: int) -> list[FoundPassage]:
    """Return passages whose excerpts hold the `limit` nearest units of all that were found, nearest first.

    A passage that says two things that fit shows both, and one that only looks like the question shows nothing. Units
    are compared by words, by meaning where that is known, and by the questions that they were asked; where search has
    learned these, it chooses better than a small model does among several, and the nearest unit is shown alone.
    """
    if any(passage.asked for passage in found):
        limit = 1
    nearest = sorted(_pieces(found), key=lambda it: (-it.likeness, it.place))[:limit]
    shown: dict[int, list[int | None]] = defaultdict(list)
    for piece in nearest:
        shown[piece.place].append(piece.unit)
    return [replace(found[place], excerpt=_joined(found[place], numbers)) for place, numbers in shown.items()]


def _pieces(found: Sequence[FoundPassage]) -> Iterator[_Piece]:
    known = [likeness for passage in found for likeness in passage.likenesses]
    usual = mean(known) if known else 0.0  # of a passage that has no vectors yet
    behind = 0.0
    for place, passage in reversed(list(enumerate(found))):
        if not passage.fits and not passage.likenesses:  # it keeps its place before those behind it
            yield _Piece(place=place, unit=None, likeness=behind)
            continue
        fits = passage.fits or [0.0] * len(passage.likenesses)
        meanings = passage.likenesses or [usual] * len(fits)
        asked = passage.asked or [0.0] * len(fits)
        likenesses = [
            fit + _MEANING * meaning + _ASKED * like - _BEHIND * place
            for fit, meaning, like in zip(fits, meanings, asked, strict=True)
        ]
        behind = max(behind, *likenesses)
        for unit, likeness in enumerate(likenesses):
            yield _Piece(place=place, unit=unit, likeness=likeness)


def _joined(passage: FoundPassage, numbers: Sequence[int | None]) -> str:
    parts = units(passage.text)
    return "\n".join(passage.excerpt if at is None else parts[at] for at in sorted(numbers, key=lambda at: at or 0))
