"""Where answers come from: characters of the message that holds the passages, the document, or precedent and brief."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuning.starter.passages import Fact, Source

_ENDS = frozenset(".,;:")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where a fact is stated."""

    statement: range
    """The sentence, or the line of a list or table."""
    value: range
    """What answers the question, within the statement."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A part of an answer that stands elsewhere word for word."""

    message: int
    """Which message of the row is the answer."""
    part: range
    """Characters of that message."""
    source: range
    """The same characters in the message asked."""


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A value of a brief and what it takes the place of in the precedent, both in the message asked."""

    new: range
    old: tuple[range, ...]
    """Each place where it stands."""
    after: tuple[range, ...]
    """The words that follow it on the same line, at each of these places."""


def evidence_of(sources: Sequence[Source], message: str) -> dict[Fact, Evidence]:
    """Return where the message, which holds the passages in this order, states each fact that can be found again."""
    evidence, start = {}, 0
    for source in sources:
        text = source.passage.text
        start = message.index(text, start)
        for fact in source.facts:
            if found := _locate(text, fact):
                statement, value = found
                evidence[fact] = Evidence(statement=moved(statement, start), value=moved(value, start))
    return evidence


def moved(span: range, by: int) -> range:
    """Return the range so many characters further on."""
    return range(span.start + by, span.stop + by)


def _locate(text: str, fact: Fact) -> tuple[range, range] | None:
    """Return where the text states the fact and its value, or None: a passage may word a fact in yet another way."""
    low, sentence = text.lower(), fact.statement.rstrip(".").lower()
    start, after_label = low.find(sentence), 0
    if start >= 0:
        stop = start + len(sentence)
        stop += low[stop : stop + 1] in _ENDS
    else:
        start, after_label = low.find(fact.label.lower()) if fact.label else -1, len(fact.label)
        stop = low.find("\n", start)
        stop = len(low) if stop < 0 else stop
    value = low.find(fact.answer.lower(), start + after_label, stop)
    return None if start < 0 or value < 0 else (range(start, stop), range(value, value + len(fact.answer)))
