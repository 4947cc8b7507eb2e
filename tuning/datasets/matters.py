"""Feedback on nearly the same question, brought together so that its owner settles it at once. Pure."""

from collections.abc import Iterable, Sequence

from tuning.datasets.questions import Seen, normalised, shingles, similarity
from tuning.domain.feedback import Feedback

MAX_TOGETHER = 5
"""As many as are read on one card; more of them follow on the next."""
_ALIKE = 0.5
"""Shared runs of words from which on two corrections may say the same."""
_DENIALS = frozenset(("no", "not", "never", "none", "nobody", "nothing", "without"))
_DENIALS |= frozenset(("nein", "nicht", "nie", "niemand", "nichts", "ohne", "kein", "keine"))


def matters(waiting: Iterable[Feedback]) -> list[list[Feedback]]:
    """Return the feedback in groups, each on nearly the question that its first is on, in the order given."""
    seen, found = Seen(), list[list[Feedback]]()
    fillable = list[list[Feedback]]()
    """Of each question seen, the group that takes more."""
    for one in waiting:
        has_words = bool(normalised(one.question))
        place = seen.place(one.question) if has_words else None
        if place is not None and len(fillable[place]) < MAX_TOGETHER:
            fillable[place].append(one)
            continue
        found.append([one])
        if place is not None:
            fillable[place] = found[-1]
        elif has_words:
            seen.add(one.question)
            fillable.append(found[-1])
    return found


def sides(corrections: Sequence[str]) -> list[list[int]]:
    """Return who agrees with whom, as places in the order given; more than one group is a conflict."""
    found: list[list[int]] = []
    for place, text in enumerate(corrections):
        same = next((group for group in found if agree(corrections[group[0]], text)), None)
        if same is None:
            found.append([place])
        else:
            same.append(place)
    return found


def agree(one: str, other: str) -> bool:
    """Return whether two corrections say the same: nearly the same words, the same numbers, and as many denials."""
    if normalised(one) == normalised(other):
        return True
    is_alike = similarity(shingles(one), shingles(other)) >= _ALIKE
    return is_alike and _facts(one) == _facts(other)


def _facts(text: str) -> tuple[list[str], int]:
    """Return a text's numbers, and how many words of it deny something."""
    words = normalised(text).split()
    return sorted(word for word in words if word.isdecimal()), sum(word in _DENIALS for word in words)
