"""Criteria: what an owner demands of an agent's answers, one a line, in words that a rule stands behind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from tuning.domain.errors import InvalidInput
from tuning.domain.prompts import Task
from tuning.languages import mark, say

MAX_CRITERIA = 10
MAX_VALUE = 100
MAX_WORDS = 10_000
CRITICAL = mark("critical: {criterion}")
"""How a line begins that the release is not to be published without; any other is advisory."""
_QUOTES = " '\"\u201c\u201d\u201e\u00ab\u00bb"
_HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"


class Rule(StrEnum):
    """What can be demanded of an answer."""

    MOST_WORDS = "most_words"
    LEAST_WORDS = "least_words"
    CITES = "cites"
    HEADING = "heading"
    NEVER_SAYS = "never_says"
    SAYS = "says"


RULES = {
    Rule.MOST_WORDS: mark("at most {value} words"),
    Rule.LEAST_WORDS: mark("at least {value} words"),
    Rule.CITES: mark("cites a passage"),
    Rule.HEADING: mark("has the heading {value}"),
    Rule.NEVER_SAYS: mark("never says {value}"),
    Rule.SAYS: mark("always says {value}"),
}
_COUNTS = {Rule.MOST_WORDS, Rule.LEAST_WORDS}


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One demand."""

    rule: Rule
    value: str = ""
    """What the rule is about: a number of words, or a text; empty if it needs none."""
    is_critical: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what an agent or an evaluation keeps."""
        return cls(rule=Rule(row["rule"]), value=row["value"], is_critical=row["is_critical"])

    def is_like(self, other: "Criterion | None") -> bool:
        """Return whether another demands the same, critical or not."""
        return other is not None and (self.rule, self.value) == (other.rule, other.value)

    def as_row(self) -> dict[str, Any]:
        """Return it as an agent keeps it."""
        return {"rule": self.rule.value, "value": self.value, "is_critical": self.is_critical}

    def fits(self, task: Task) -> bool:
        """Return whether it can be demanded of what an agent does: only answers to questions cite passages."""
        return self.rule is not Rule.CITES or task is Task.QUESTIONS

    def words(self) -> str:
        """Return it in words, without whether it is critical."""
        return say(RULES[self.rule], value=self.value) if self.value else say(RULES[self.rule])

    def line(self) -> str:
        """Return it as its owner types it."""
        return say(CRITICAL, criterion=self.words()) if self.is_critical else self.words()


def together(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return in words how much of all that is demanded is kept, the critical and the advisory by themselves.

    Of the critical demands that counts as recall: each that is missed matters. Of the advisory as precision: how much
    of what is said is as it should be. Rows are an evaluation's criteria, each with its `share` of `n` answers.
    """
    shares = {}
    for is_critical in (True, False):
        chosen = [row for row in rows if row["is_critical"] is is_critical]
        if asked := sum(row["n"] for row in chosen):
            shares[is_critical] = f"{100 * sum(row['share'] * row['n'] for row in chosen) / asked:.0f} %"
    told = []
    if True in shares:
        told.append(say("Of all critical demands {share} are kept (recall).", share=shares[True]))
    if False in shares:
        told.append(say("Of all advisory demands {share} are kept (precision).", share=shares[False]))
    return " ".join(told)


def suggested(task: Task, answers: Mapping[str, str]) -> Criterion | None:
    """Return what an owner's answers to the questionnaire suggest to demand, as advice; None: nothing yet.

    Answers to questions rest on the documents that the owner has described; a draft or a summary says what it is
    called.
    """
    if task is Task.QUESTIONS:
        return Criterion(rule=Rule.CITES) if answers.get("data") else None
    name = " ".join(answers.get("draft" if task is Task.GENERATION else "summary", "").split()).strip(f".{_QUOTES}")
    return Criterion(rule=Rule.SAYS, value=name) if 0 < len(name) <= MAX_VALUE else None


def parse(lines: Sequence[str], task: Task) -> list[Criterion]:
    """Return what was typed, in English or the language of the turn; raise `InvalidInput` naming the first bad line."""
    typed = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    found = list(dict.fromkeys(_parse(number, line, task) for number, line in typed))
    if len(found) > MAX_CRITERIA:
        raise InvalidInput(
            say("An agent has at most {most} criteria; there are {count}.", most=MAX_CRITERIA, count=len(found))
        )
    return found


def _parse(number: int, line: str, task: Task) -> Criterion:
    critical = _match(CRITICAL, line)
    demand = critical if critical is not None else line
    for rule, template in RULES.items():
        value = _match(template, demand)
        if value is None or not _fits(rule, value):
            continue
        criterion = Criterion(rule=rule, value=value, is_critical=critical is not None)
        if not criterion.fits(task):
            raise InvalidInput(
                say(
                    "Line {number} of the criteria: only answers to questions cite passages. Take it out.",
                    number=number,
                )
            )
        return criterion
    examples = "; ".join(f"'{say(template, value='...')}'" for template in RULES.values())
    raise InvalidInput(
        say(
            "Line {number} of the criteria can't be used. Begin it like one of these: {examples}.",
            number=number,
            examples=examples,
        )
    )


def _fits(rule: Rule, value: str) -> bool:
    if rule in _COUNTS:
        return value.isdecimal() and 1 <= int(value) <= MAX_WORDS
    return len(value) <= MAX_VALUE


def _match(template: str, line: str) -> str | None:
    """Return what stands in the place of a template's name, empty if it has none; None if the line is another."""
    for wording in (template, say(template, value=_HOLE, criterion=_HOLE)):
        pattern = re.escape(re.sub(r"\{\w+\}", _HOLE, wording)).replace(_HOLE, "(.+?)")
        if found := re.fullmatch(rf"{pattern}\.?", line, re.IGNORECASE):
            return found[1].strip(_QUOTES) if found.groups() else ""
    return None
