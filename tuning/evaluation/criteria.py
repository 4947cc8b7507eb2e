"""Whether answers are as their owner demands. Pure functions of texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tuning.domain.criteria import Criterion, Rule

_CITATION = re.compile(r"\[(\d{1,2})\]")
_MARKS = "#*_: \t"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many answers are as a criterion demands."""

    criterion: Criterion
    share: float
    n: int

    def as_row(self) -> dict[str, Any]:
        """Return it as an evaluation keeps it."""
        return {**self.criterion.as_row(), "share": self.share, "n": self.n}


def kept(criteria: Sequence[Criterion], answers: Sequence[tuple[str, int]]) -> list[Kept]:
    """Return how far answers, each with how many passages it was shown, keep to criteria; none without answers."""
    return [
        Kept(
            criterion=criterion,
            share=sum(meets(criterion, answer, passages) for answer, passages in answers) / len(answers),
            n=len(answers),
        )
        for criterion in criteria
        if answers
    ]


def meets(criterion: Criterion, answer: str, passages: int) -> bool:
    """Return whether one answer is as a criterion demands."""
    text = _CITATION.sub(" ", answer)
    match criterion.rule:
        case Rule.MOST_WORDS:
            return len(text.split()) <= int(criterion.value)
        case Rule.LEAST_WORDS:
            return len(text.split()) >= int(criterion.value)
        case Rule.CITES:
            cited = [int(number) for number in _CITATION.findall(answer)]
            return bool(cited) and all(1 <= number <= passages for number in cited)
        case Rule.HEADING:
            return criterion.value.casefold() in {line.strip(_MARKS).casefold() for line in answer.splitlines()}
        case Rule.SAYS:
            return _says(answer, criterion.value)
        case Rule.NEVER_SAYS:
            return not _says(answer, criterion.value)


def _says(answer: str, value: str) -> bool:
    """Return whether an answer has these words; as a part of another word they don't count."""
    return re.search(rf"(?<!\w){re.escape(value.casefold())}(?!\w)", answer.casefold()) is not None
