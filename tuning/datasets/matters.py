"""Feedback on nearly the same question, brought together so that its owner settles it at once. Pure."""

from collections.abc import Iterable

from tuning.datasets.questions import Seen, normalised
from tuning.domain.feedback import Feedback

MAX_TOGETHER = 5
"""As many as are read on one card; more of them follow on the next."""


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
