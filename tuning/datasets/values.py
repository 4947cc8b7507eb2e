"""Kinds of value that a sentence may state, how each looks, and how one asks for it."""

import re
from dataclasses import dataclass

_COUNT = r"(?:\d[\d,.]*\d|\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half)"
_NUMBER = rf"(?:(?:up to|at most|at least|no more than|less than|more than|a maximum of|about) )?{_COUNT}"
_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_WEEKDAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)s?"
_TIME = r"(?:\d{1,2}[:.]\d{2}(?: ?[ap]m)?|\d{1,2} ?[ap]m|noon)"
_SOME_MONTH = rf"(?:{_MONTH}|each month|every month|the month|the following month|the year|each quarter)"
_DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_SOME_MONTH}(?: \d{{4}})?|the \d{{1,2}}(?:st|nd|rd|th)"
    rf"|{_MONTH} \d{{1,2}}(?:, \d{{4}})?|{_MONTH}(?: and {_MONTH})?(?: \d{{4}})?"
    rf"|(?:the )?(?:end|first|last|second|third)(?: {_WEEKDAY}| day| week)? of {_SOME_MONTH}"
    rf"|{_WEEKDAY}(?: and {_WEEKDAY})?(?: nights?| mornings?)?|{_TIME})"
)
_PERIOD = r"(?:working |business |calendar )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?)"
_SPAN = rf"{_NUMBER} {_PERIOD}"
_PER = r"(?: (?:per|a|an|for each) [a-z]+(?: and [a-z]+)?)?"
_SUM = rf"(?:(?:EUR|USD|[€$£]) ?[\d,.]*\d|{_COUNT} (?:euros?|EUR|dollars?|pounds?|cents?))"
_MONEY = rf"(?:(?:up to|at most|no more than) )?{_SUM}{_PER}"
_PERCENT = rf"{_NUMBER} ?(?:%|percent|per cent)"
_CODE = r"[A-Z]{1,4}-?\d+"
_ADDRESS = r"[\w.-]+@[\w-]+(?:\.[\w-]+)+"
_NAME = r"[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2}"
_END = r"(?=[ .,;]|$)"


@dataclass(frozen=True, kw_only=True)
class Value:
    """A kind of value."""

    name: str
    pattern: re.Pattern[str]
    """What is cut out of the sentence; its group 'v' is the answer, 'unit' what is counted, 'of' what it measures."""
    asks: str
    """How a question for it begins, with {unit} and {of}."""


def _value(name: str, pattern: str, asks: str) -> Value:
    return Value(name=name, pattern=re.compile(rf"(?<!\S){pattern}{_END}"), asks=asks)


_DAYS = rf"{_PERIOD}|{_WEEKDAY}"
_COUNTED = r"(?!of\b|euros?\b|percent\b|million\b)(?:[a-z][a-z-]+ )?[a-z-]+s(?: of [a-z]+(?: [a-z]+)?)?"
_PLACE = rf"(?:the )?(?:room \d[\w.]*|building \w|level \d+|{_NAME}(?: (?:portal|app|office|desk))?)"
VALUES = (
    _value("measure", rf"(?:an?|the) (?P<of>[a-z][a-z -]{{2,30}}) of (?P<v>{_MONEY}|{_PERCENT}|{_SPAN})", "What {of}"),
    _value("money", rf"(?:for |at |to |by )?(?P<v>{_MONEY})", "How much"),
    _value("share", rf"(?:at |by |to )?(?P<v>{_PERCENT}(?P<of> of [a-z]+)?)", "What percentage{of}"),
    _value(
        "interval",
        rf"(?P<v>(?:once|twice|{_COUNT} times) (?:a|per) [a-z]+|every (?:{_COUNT} )?(?:{_DAYS}))",
        "How often",
    ),
    _value("frequency", r"(?P<v>weekly|monthly|quarterly|yearly|annually|daily)", "How often"),
    _value("deadline", rf"(?P<v>within (?:one|an?|{_NUMBER}) {_PERIOD})", "How quickly"),
    _value("delay", rf"(?P<v>after (?:one|an?|{_NUMBER}) {_PERIOD})", "After how long"),
    _value("lead", rf"(?P<v>{_SPAN} (?:ahead|before|in advance)(?: [a-z ]{{3,30}})?)", "How long before"),
    _value("duration", rf"for (?P<v>{_SPAN})", "How long"),
    _value("hours", rf"(?P<v>(?:from|between) {_TIME} (?:to|and|until) {_TIME})", "When"),
    _value("date", rf"(?:on |in |at )(?P<v>{_DATE})", "When"),
    _value("limit", rf"(?P<v>(?:by|before|until|from|after|since) {_DATE}(?: on {_DATE})?)", "When"),
    _value("form", rf"(?:with|on|using|in|by) (?:the )?form (?P<v>{_CODE})", "With which form"),
    _value("code", rf"(?:is|has|called) (?P<v>{_CODE})", "Which code"),
    _value("address", rf"(?:to|at|under) (?P<v>{_ADDRESS})", "At which address"),
    _value(
        "number", r"(?:on |at |under )?(?:extension |number |phone )?(?P<v>\d{4}|0800 [\d ]+\d)", "Under which number"
    ),
    _value("count", rf"(?P<v>{_NUMBER} (?P<unit>{_COUNTED}))", "How many {unit}"),
    _value("agent", rf"by (?P<v>(?:the )?{_NAME})", "By whom"),
    _value("means", rf"(?:with|through|via) (?P<v>(?:the )?{_NAME})", "With what"),
    _value("place", rf"(?:in|at|on) (?P<v>{_PLACE})", "Where"),
)
IS_TIME = re.compile(rf"{_WEEKDAY}|{_MONTH}|{_TIME}")
