"""What a model that reads little is shown of the passages found: of all their units, those that fit best."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tuning.documents.passages import units
from tuning.documents.search import FoundPassage

SPARE = 2
"""Passages to look for beyond as many as are shown: two units of one passage leave room for none of another."""


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
    nothing was compared by meaning, the first passages are returned as they are.
    """
    if not any(it.likenesses for it in found):
        return list(found[:limit])
    nearest = sorted(_pieces(found), key=lambda it: (-it.likeness, it.place))[:limit]
    shown: dict[int, list[int | None]] = defaultdict(list)
    for piece in nearest:
        shown[piece.place].append(piece.unit)
    return [replace(found[place], excerpt=_joined(found[place], numbers)) for place, numbers in shown.items()]


def _pieces(found: Sequence[FoundPassage]) -> Iterator[_Piece]:
    behind = 0.0
    for place, passage in reversed(list(enumerate(found))):
        if not passage.likenesses:  # it keeps its place before those behind it
            yield _Piece(place=place, unit=None, likeness=behind)
            continue
        behind = max(behind, *passage.likenesses)
        for unit, likeness in enumerate(passage.likenesses):
            yield _Piece(place=place, unit=unit, likeness=likeness)


def _joined(passage: FoundPassage, numbers: Sequence[int | None]) -> str:
    parts = units(passage.text)
    return "\n".join(passage.excerpt if at is None else parts[at] for at in sorted(numbers, key=lambda at: at or 0))
