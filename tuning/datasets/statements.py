"""Questions made by rule from sentences that state a value: an amount, a date, a duration, a name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tuning.datasets.questions import Context, Question
from tuning.documents.markup import sentences
from tuning.domain.datasets import Origin

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)s?"
_COUNT = r"(?:\d[\d,.]*\d|\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_NUMBER = rf"(?:(?:up to|at most|at least|no more than|a maximum of|about) )?{_COUNT}"
_TIME = r"\d{1,2}[:.]\d{2}(?: ?[ap]m)?"
_DATE = (
    rf"(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH}|each month|every month|the month|the following month)(?: \d{{4}})?"
    rf"|the \d{{1,2}}(?:st|nd|rd|th)|{_MONTH} \d{{1,2}}(?:, \d{{4}})?|{_MONTH}(?: \d{{4}})?|{_DAY}|{_TIME}"
    rf"|(?:the )?(?:end|first|last|second)[a-z ]* of (?:{_MONTH}|the month|each month|the year|each quarter)"
)
_SPAN_UNIT = r"(?:working |business |calendar )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?)"
_MONEY = rf"(?:(?:EUR|USD|[€$£]) ?[\d,.]*\d|{_COUNT} (?:euros?|EUR|dollars?|pounds?|cents?))(?: (?:per|a|an|for each) \w+(?: and \w+)?)?"
_PERCENT = rf"{_NUMBER} ?(?:%|percent|per cent)"


@dataclass(frozen=True, kw_only=True)
class _Value:
    """A kind of value that a sentence may state, and how one asks for it."""

    name: str
    pattern: re.Pattern[str]
    """Matches what is cut out of the sentence; the group 'v' is the answer, 'unit' what is counted."""
    asks: str


_VALUES = (
    _Value(
        name="money",
        pattern=re.compile(rf"(?:for |at |of |to |by )?(?P<v>(?:up to |at most )?{_MONEY})(?=[ .,;]|$)"),
        asks="How much",
    ),
    _Value(
        name="percent", pattern=re.compile(rf"(?:at |by |to )?(?P<v>{_PERCENT})(?=[ .,;]|$)"), asks="What percentage"
    ),
    _Value(
        name="often",
        pattern=re.compile(
            rf"(?P<v>(?:once|twice|{_COUNT} times) (?:a|per|every) \w+|every (?:{_COUNT} )?\w+|weekly|monthly|quarterly|yearly|annually|daily)(?=[ .,;]|$)"
        ),
        asks="How often",
    ),
    _Value(name="within", pattern=re.compile(rf"(?P<v>within {_NUMBER} {_SPAN_UNIT})(?=[ .,;]|$)"), asks="How quickly"),
    _Value(name="duration", pattern=re.compile(rf"for (?P<v>{_NUMBER} {_SPAN_UNIT})(?=[ .,;]|$)"), asks="How long"),
    _Value(
        name="hours",
        pattern=re.compile(rf"(?P<v>(?:from |between ){_TIME} (?:to|and|until) {_TIME})(?=[ .,;]|$)"),
        asks="When",
    ),
    _Value(
        name="date",
        pattern=re.compile(
            rf"(?P<v>(?:on|by|before|until|from|after|at|in|every|since) (?:{_DATE})(?: to (?:{_DATE}))?)(?=[ .,;]|$)"
        ),
        asks="When",
    ),
    _Value(
        name="count",
        pattern=re.compile(rf"(?P<v>{_NUMBER} (?P<unit>(?:[a-z][a-z-]+ )?[a-z]+s))(?=[ .,;]|$)"),
        asks="How many {unit}",
    ),
    _Value(
        name="place",
        pattern=re.compile(
            r"(?P<v>(?:in|at|through|on|via) (?:the )?(?:room \d[\w.]*|building \w|(?:[A-Z][\w.-]+ ?){1,3}(?:portal|app|office|desk)?))(?=[ .,;]|$)"
        ),
        asks="Where",
    ),
)
_AUXILIARY = "is|are|was|were|can|may|must|will|should|cannot"
_WITH_AUXILIARY = re.compile(rf"^(?P<subject>[^,;:]{{2,70}}?) (?P<aux>{_AUXILIARY}) (?P<rest>.+?)\.?$")
_VERBS = (
    "accept|allow|answer|apply|approve|arrive|ask|attend|begin|belong|book|bring|buy|call|carry|change|charge|check|choose|"
    "claim|close|collect|come|confirm|contact|contain|cost|count|cover|decide|deliver|depend|earn|end|expire|fill|finish|"
    "follow|get|give|go|handle|have|help|hold|include|inform|install|keep|lapse|last|lead|leave|live|look|lose|meet|meets|"
    "monitor|move|need|offer|open|order|organise|own|park|pay|pick|post|print|provide|publish|reach|read|receive|recover|"
    "register|renew|repair|replace|reply|report|request|require|reset|retain|return|review|run|save|see|sell|send|sign|stand|"
    "start|stay|stop|store|submit|support|take|test|train|travel|update|use|visit|wait|want|weigh|win|work|write"
).split("|")
_THIRD = {
    **{f"{verb}s": verb for verb in _VERBS},
    **{f"{verb}es": verb for verb in _VERBS if verb.endswith(("s", "sh", "ch", "x", "o"))},
    **{f"{verb[:-1]}ies": verb for verb in _VERBS if verb.endswith("y") and verb[-2] not in "aeiou"},
    "has": "have",
}
_BASE = frozenset(_VERBS)
_NAME = re.compile(
    r"^(?P<name>(?:[A-Z][\w'-]+ (?:[A-Z][\w'-]+)(?: [A-Z][\w'-]+)?(?: and [A-Z][\w'-]+ [A-Z][\w'-]+)?)|The (?:[A-Z][\w'-]+ ?){1,3}) (?P<rest>[a-z].+?)\.?$"
)
_UNCLEAR = re.compile(
    r"^(?:-\s+)?(?:it|they|this|these|that|those|he|she|his|her|its|their|such|there|then|both|if|when|for|in|on|at|by|after|before|with|without|as|during|because|otherwise)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\b(?:that|which|who|whose|if|because|and|or|but)\b")
_MAX_WORDS = 28
_MAX_PREDICATE = 9


def statements(context: Context) -> Iterator[Question]:
    """Yield questions that the passage's sentences answer, each answer word for word as it stands there."""
    names = _names(context.passage.text)
    for line in context.passage.text.split("\n"):
        if line.startswith("|") or line.rstrip().endswith("?"):
            continue
        for sentence in sentences(re.sub(r"^(?:-\s+|A\s*\d*\s*[:)]\s*)", "", line)):
            if len(sentence.split()) <= _MAX_WORDS and not _UNCLEAR.match(sentence):
                for rule, text, answer in _asked(sentence, names):
                    if answer in sentence and "  " not in text:
                        yield Question(origin=Origin.WRITTEN, text=text, answer=answer, context=context, made_by=rule)


def _names(text: str) -> frozenset[str]:
    """Return the words that have a capital letter in the middle of a sentence."""
    return frozenset(re.findall(r"(?<=[a-z,] )[A-Z][\w-]+", text))


def _asked(sentence: str, names: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    if (named := _NAME.match(sentence)) and _is_verb(named["rest"].split()[0]):
        yield "who", f"Who {named['rest']}?", named["name"]
    clause = _clause(sentence)
    if clause is None:
        return
    subject, auxiliary, verb, rest = clause
    asked = _lowered(subject, names)
    for value in _VALUES:
        found = list(value.pattern.finditer(rest))
        if len(found) != 1 or (value.name == "date" and _VALUES[5].pattern.search(rest)):
            continue
        remains = f"{rest[: found[0].start()].strip()} {rest[found[0].end() :].strip()}".strip(" .,;")
        unit = found[0].groupdict().get("unit") or ""
        asks = value.asks.format(unit=unit)
        left = " ".join(part for part in (asks, auxiliary, asked, verb, remains) if part)
        if _is_whole(remains, verb, auxiliary):
            yield value.name, f"{left}?", found[0]["v"]
    if auxiliary in {"is", "are", "was", "were"} and not verb and len(rest.split()) <= _MAX_PREDICATE:
        if re.match(r"(?:a |an |the )?[\dA-Z]|(?:a|an|the) ", rest):
            yield "definition", f"What {auxiliary} {asked}?", rest


def _clause(sentence: str) -> tuple[str, str, str, str] | None:
    """Return subject, auxiliary, verb (empty if the auxiliary is the verb) and the rest of a simple sentence."""
    if (found := _WITH_AUXILIARY.match(sentence)) and not _RELATIVE.search(found["subject"]):
        return found["subject"], found["aux"], "", found["rest"]
    words = sentence.removesuffix(".").split()
    for index, word in enumerate(words[1:8], start=1):
        subject = " ".join(words[:index])
        if _RELATIVE.search(subject) or "," in subject:
            return None
        if word in _THIRD and index + 1 < len(words):
            return subject, "does", _THIRD[word], " ".join(words[index + 1 :])
        if word in _BASE and words[index - 1].endswith("s") and index + 1 < len(words):
            return subject, "do", word, " ".join(words[index + 1 :])
    return None


def _is_verb(word: str) -> bool:
    return word in _THIRD or word in {"is", "was", "has", "can", "may", "must", "will"} or word in _AUXILIARY.split("|")


def _is_whole(remains: str, verb: str, auxiliary: str) -> bool:
    """Whether a question without the value still says what it is about."""
    ending = remains.rsplit(" ", 1)[-1] if remains else ""
    dangling = ending in {
        "the",
        "a",
        "an",
        "of",
        "to",
        "for",
        "at",
        "and",
        "or",
        "than",
        "more",
        "with",
        "by",
        "from",
        "in",
        "least",
        "most",
    }
    return not dangling and (bool(verb) or bool(remains) or auxiliary in {"is", "are"})


def _lowered(subject: str, names: frozenset[str]) -> str:
    first = subject.split()[0]
    is_name = first in names or first.isupper() or (first[1:2].isupper()) or bool(re.match(r"[A-Z]\w+ [A-Z]", subject))
    return subject if is_name else subject[:1].lower() + subject[1:]
