"""Questions made by rule from sentences that state a value: an amount, a date, a duration, a name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tuning.datasets.questions import Context, Question
from tuning.datasets.values import IS_TIME, VALUES, Value
from tuning.documents.markup import sentences
from tuning.domain.datasets import Origin

_VERBS = (  # noqa: SIM905 - a list would take a page
    "accept allow answer apply approve arrive ask attend begin belong book bring buy call carry change charge "
    "check choose claim close collect come confirm contact contain cost count cover decide deliver depend earn "
    "end enter expire fill finish follow get give go handle have help hold include inform install keep lapse last "
    "lead leave live look lose meet monitor move need offer open order organise own park pay pick post print "
    "provide publish reach read receive record recover register renew repair replace reply report request require "
    "reset restore retain return review run save see sell send show sign stand start stay stop store submit "
    "support switch take tell test train travel update upload use visit wait want weigh win work write "
).split()
_THIRD = {
    **{f"{verb}s": verb for verb in _VERBS},
    **{f"{verb}es": verb for verb in _VERBS if verb.endswith(("s", "sh", "ch", "x", "o"))},
    **{f"{verb[:-1]}ies": verb for verb in _VERBS if verb.endswith("y") and verb[-2] not in "aeiou"},
    "has": "have",
}
_BASE = frozenset(_VERBS)
_AUXILIARIES = frozenset({"is", "are", "was", "were", "can", "may", "must", "will", "should"})
_TO_BE = frozenset({"is", "are", "was", "were"})
_SUBJECT = re.compile(
    r"^(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)+(?: and [A-Z][\w'-]+ [A-Z][\w'-]+)?|The (?:[A-Z][\w'-]+ ?){1,3}) "
    r"(?P<rest>[a-z].+?)\.?$"
)
_FRONTED = re.compile(r"^(?P<when>(?:If|When|After|During|For|In|On|At|Before|With|Without) [^,]{3,60}), (?P<main>.+)$")
_UNCLEAR = re.compile(
    r"^(?:it|they|this|these|that|those|he|she|his|her|its|their|such|there|then|both|otherwise|instead|do not|"
    r"if|when|for|in|on|at|by|after|before|with|without|as|during|because)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(r",|\b(?:that|which|who|whose|if|because|and|or|but)\b")
_LIST_MARK = re.compile(r"^(?:-\s+|\d{1,2}[.)]\s+|\d\s+(?=[A-Z][a-z]* [a-z])|A\s*\d*\s*[:)]\s*)")
_DANGLING = re.compile(
    r"(?:^|\s)(?:the|a|an|of|to|for|at|and|or|than|more|with|by|from|in|on|least|most|first|last|into|as|after|within|every|over|per)$"
)
_PREPOSITION = re.compile(r"(?:^|\s)(?P<word>into|after|within|at|before|with|for|in|from)$")
_LIMIT = re.compile(r"(?:^|\s)(?:within|after) $")
_PERSON = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")
_PER = re.compile(r" (?:per|a|an|for each) [a-z]+(?: and [a-z]+)?$")
_MAX_WORDS = 28
_MAX_PREDICATE = 9
_LONGEST_SUBJECT = 9


@dataclass(frozen=True, kw_only=True)
class _Clause:
    """A simple sentence, taken apart."""

    subject: str
    auxiliary: str
    """What a question begins with: 'is', 'may', 'does' ..."""
    verb: str
    """Its base form after 'do' or 'does'; else empty."""
    rest: str

    def ask(self, asks: str, rest: str) -> str:
        """Return the question that begins with `asks`."""
        return " ".join(part for part in (asks, self.auxiliary, self.subject, self.verb, rest) if part)


def statements(context: Context) -> Iterator[Question]:
    """Yield questions that the passage's sentences answer, each answer word for word as it stands there."""
    names = frozenset(re.findall(r"(?<=[a-z,] )[A-Z][\w-]+", context.passage.text))
    for line in context.passage.text.split("\n"):
        if line.startswith("|") or line.rstrip().endswith("?"):
            continue
        for sentence in sentences(_LIST_MARK.sub("", line)):
            if not sentence.endswith(".") or len(sentence.split()) > _MAX_WORDS:
                continue
            for rule, text, answer in _asked(sentence, names):
                if answer in context.passage.text:
                    yield Question(origin=Origin.WRITTEN, text=text, answer=answer, context=context, made_by=rule)


def _asked(sentence: str, names: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield rule, question and answer."""
    if fronted := _FRONTED.match(sentence):
        main = fronted["main"][:1].upper() + fronted["main"][1:]
        when = fronted["when"][:1].lower() + fronted["when"][1:]
        yield from ((rule, f"{text[:-1]} {when}?", answer) for rule, text, answer in _asked(main, names))
        return
    if _UNCLEAR.match(sentence):
        return
    if (named := _SUBJECT.match(sentence)) and _is_verb(named["rest"].split()[0]):
        yield "who", f"Who {named['rest']}?", named["name"]
    clause = _clause(sentence.removesuffix("."), names)
    if clause is None:
        return
    for value in VALUES:
        found = [it for it in value.pattern.finditer(clause.rest) if not _is_misread(value, it["v"])]
        if len(found) == 1 and (asked := _question(clause, value, found[0], found[0].end())):
            yield value.name, f"{asked}?", _answer(clause, value, found[0])
            # Who names the unit asks for the number only: 'How much a year?'
            if (per := _PER.search(found[0]["v"])) and (
                asked := _question(clause, value, found[0], per.start() + found[0].start("v"))
            ):
                yield value.name, f"{asked}?", found[0]["v"][: per.start()]
    is_definition = clause.auxiliary in _TO_BE and re.match(r"(?:a |an |the )?[\dA-Z]|(?:a|an|the) ", clause.rest)
    if is_definition and len(clause.rest.split()) <= _MAX_PREDICATE:
        asks = "Who" if _PERSON.fullmatch(clause.rest) else "What"
        yield "definition", f"{asks} {clause.auxiliary} {clause.subject}?", clause.rest


def _clause(sentence: str, names: frozenset[str]) -> _Clause | None:
    words = sentence.split()
    if words[1:] and words[0].lower() in _BASE:
        return _Clause(subject="I", auxiliary="do", verb=words[0].lower(), rest=" ".join(words[1:]))
    for index, word in enumerate(words[1:_LONGEST_SUBJECT], start=1):
        subject = " ".join(words[:index])
        rest = " ".join(words[index + 1 :])
        if _SUBORDINATE.search(subject) or not rest:
            return None
        asked = _lowered(subject, names)
        if word in _AUXILIARIES:
            return _Clause(subject=asked, auxiliary=word, verb="", rest=rest)
        if word in _THIRD:
            return _Clause(subject=asked, auxiliary="does", verb=_THIRD[word], rest=rest)
        if word in _BASE and words[index - 1].endswith(("s", "people")):
            return _Clause(subject=asked, auxiliary="do", verb=word, rest=rest)
    return None


def _question(clause: _Clause, value: Value, found: re.Match[str], end: int) -> str:
    """Return the question for a value that ends there, without its mark; empty if the rest would not make sense."""
    groups = found.groupdict()
    asks = value.asks.format(unit=groups.get("unit") or "", of=groups.get("of") or "")
    if value.name == "means" and _PERSON.fullmatch(found["v"]):
        asks = "With whom"
    before, after = clause.rest[: found.start()].strip(" ,;"), clause.rest[end:].strip(" ,;")
    if value.name == "count" and (leading := _PREPOSITION.search(before)):
        before = before[: leading.start()]
        asks = f"{leading['word'].capitalize()} {asks[:1].lower()}{asks[1:]}"
    remains = f"{before} {after}".strip()
    says_enough = bool(clause.verb or remains) or clause.auxiliary in _TO_BE
    if _DANGLING.search(before) or after.startswith("of ") or not says_enough:
        return ""
    return clause.ask(asks, remains)


def _answer(clause: _Clause, value: Value, found: re.Match[str]) -> str:
    """Return the value; with the preposition that makes a limit of a number, so that one fact has one answer."""
    leading = _LIMIT.search(clause.rest[: found.start()]) if value.name == "count" else None
    return f"{leading[0].strip()} {found['v']}" if leading else str(found["v"])


def _is_misread(value: Value, found: str) -> bool:
    """Whether what looks like a name is a day or a month."""
    return value.name in {"place", "means", "agent"} and bool(IS_TIME.search(found))


def _is_verb(word: str) -> bool:
    return word in _THIRD or word in _AUXILIARIES


def _lowered(subject: str, names: frozenset[str]) -> str:
    first = subject.split(maxsplit=1)[0]
    is_capital = len(first) > 1 and (first.isupper() or any(letter.isupper() for letter in first[1:]))
    is_name = first in names or is_capital or re.match(r"[A-Z]\w+ [A-Z]", subject)
    return subject if is_name and first not in {"The", "A", "An"} else subject[:1].lower() + subject[1:]
