"""What else people call what a question is about, looser than synonyms: 'plane' where the document says 'flight'."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from tuning.rephrasing.telling import STOP_WORDS, WORD, stem

_TABLE = Path(__file__).with_name("related.txt")
_MOST_WORDS = 3
"""Of an entry of the table, without the common ones."""

Words = tuple[str, ...]


def related(words: Sequence[str]) -> list[tuple[int, Sequence[Words]]]:
    """Return what is related to words that follow each other, each with the place of the first word it belongs to.

    Words are in small letters and without the common ones, here as in the answer. An entry is found by its words, else
    by their stems: 'plane' is not an inflection of 'plan'.
    """
    stems = [stem(word) for word in words]
    exact, inflected = _table()
    found = []
    for at in range(len(words)):
        for end in range(at + 1, min(at + _MOST_WORDS, len(words)) + 1):
            others = exact.get(tuple(words[at:end])) or inflected.get(tuple(stems[at:end]))
            if others:
                found.append((at, others))
    return found


@lru_cache(1)
def _table() -> tuple[dict[Words, Sequence[Words]], dict[Words, Sequence[Words]]]:
    """Return what is related to each entry, by its words and by their stems."""
    exact: dict[Words, dict[Words, None]] = {}
    inflected: dict[Words, dict[Words, None]] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            group = dict.fromkeys(_entries(line))
            for entry in group:
                exact.setdefault(entry, {}).update(group)
                inflected.setdefault(tuple(stem(word) for word in entry), {}).update(group)
    return _others(exact), _others(inflected)


def _entries(line: str) -> Iterator[Words]:
    """Yield a group's entries that still say something without their common words: 'how many' doesn't."""
    for entry in line.split("|"):
        words = WORD.findall(entry.lower())
        telling = tuple(word for word in words if word not in STOP_WORDS)
        if len(telling) > 1 or (telling and len(words) == 1):
            yield telling


def _others(groups: dict[Words, dict[Words, None]]) -> dict[Words, Sequence[Words]]:
    return {entry: [other for other in group if other != entry] for entry, group in groups.items()}
