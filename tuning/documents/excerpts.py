"""What a model that reads little is shown of the passages found: of all their units, those that fit best.

Of the sample organisation's 99 answers, the best unit of each of four passages held 71, the four best units of these
passages 84, the six best 89, and the whole passages 94.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tuning.documents.passages import units
from tuning.documents.search import FoundPassage

SPARE = 2
"""Passages to look for, and units to show, beyond as many as are asked for: several may be of one passage."""
_BEHIND = 0.5
"""What a unit's fit loses with each passage that search ranks before its own: by words alone the order tells much."""


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A unit, or what search took for the best of a passage that has no vectors yet."""

    place: int
    """Of its passage among those found."""
    unit: int | None
    likeness: float


def condensed(found: Sequence[FoundPassage], limit: int) -> list[FoundPassage]:
    """Return passages whose excerpts hold the `limit` nearest units of all that were found, nearest first.

    A passage that says two things that fit shows both, and one that only looks like the question shows nothing. Where
    nothing was compared by meaning, units are compared by words.
    """
    nearest = sorted(_pieces(found), key=lambda it: (-it.likeness, it.place))[:limit]
    shown: dict[int, list[int | None]] = defaultdict(list)
    for piece in nearest:
        shown[piece.place].append(piece.unit)
    return [replace(found[place], excerpt=_joined(found[place], numbers)) for place, numbers in shown.items()]


def _pieces(found: Sequence[FoundPassage]) -> Iterator[_Piece]:
    is_by_meaning = any(it.likenesses for it in found)
    behind = 0.0
    for place, passage in reversed(list(enumerate(found))):
        likenesses = passage.likenesses if is_by_meaning else [fit - _BEHIND * place for fit in passage.fits]
        if not likenesses:  # it keeps its place before those behind it
            yield _Piece(place=place, unit=None, likeness=behind)
            continue
        behind = max(behind, *likenesses)
        for unit, likeness in enumerate(likenesses):
            yield _Piece(place=place, unit=unit, likeness=likeness)


def _joined(passage: FoundPassage, numbers: Sequence[int | None]) -> str:
    parts = units(passage.text)
    return "\n".join(passage.excerpt if at is None else parts[at] for at in sorted(numbers, key=lambda at: at or 0))
