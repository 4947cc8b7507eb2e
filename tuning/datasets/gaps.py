"""Questions made of a sentence with a gap where a value stood: for what no rule of grammar finds a question."""

import re
from collections.abc import Iterator

from tuning.datasets.questions import Context, Question
from tuning.datasets.values import IS_TIME, VALUES
from tuning.documents.markup import sentences
from tuning.domain.datasets import Origin

_MARK = re.compile(r"^(?:-\s+|\d{1,2}[.)]\s+|A\s*\d*\s*[:)]\s*)")
_NAME = r"(?P<v>[A-Z][a-z]+(?: [A-Z][a-z]+)?)(?![\w-])"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    *((value.asks, value.pattern) for value in VALUES),
    ("What", re.compile(rf"(?:called|named) {_NAME}")),
    ("Who", re.compile(r"(?<!^)(?<![\w-])(?P<v>[A-Z][a-z]+ [A-Z][a-z]+)(?![\w-])")),
    ("Which form", re.compile(r"form (?P<v>[A-Z]{1,4}-?\d+)(?![\w-])")),
    ("What", re.compile(rf"(?:with|by|in|for|of|is|app|program|tool) {_NAME}")),
)
_NEVER_TIMES = frozenset({"Where", "With what", "By whom", "Who", "What"})
_MAX_WORDS = 28


def gaps(context: Context, covered: frozenset[str]) -> Iterator[Question]:
    """Yield a question for every value in the passage's sentences but for those among the `covered` answers."""
    for line in context.passage.text.split("\n"):
        if line.startswith("|") or line.rstrip().endswith("?"):
            continue
        for whole in sentences(_MARK.sub("", line)):
            sentence = whole.removesuffix(".")
            if sentence == whole or len(sentence.split()) > _MAX_WORDS:
                continue
            for asks, start, end in _values(sentence):
                answer = sentence[start:end]
                if answer not in covered:
                    left = f"{sentence[:start].rstrip()} ... {sentence[end:].lstrip()}".strip()
                    text = f"{asks}: {left[:1].lower()}{left[1:]}?"
                    yield Question(origin=Origin.WRITTEN, text=text, answer=answer, context=context, made_by="gap")


def _values(sentence: str) -> Iterator[tuple[str, int, int]]:
    """Yield how to ask for each value, and where it stands; of values that overlap, the first kind that matches."""
    taken: list[tuple[int, int]] = []
    for asks, pattern in _KINDS:
        for found in pattern.finditer(sentence):
            start, end = found.span("v")
            is_misread = asks in _NEVER_TIMES and IS_TIME.search(found["v"])
            if is_misread or any(start < last and end > first for first, last in taken):
                continue
            taken.append((start, end))
            groups = found.groupdict()
            yield asks.format(unit=groups.get("unit") or "", of=groups.get("of") or ""), start, end
