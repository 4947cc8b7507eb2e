"""Other wordings of a question, as people type: polite, sloppy, short."""

import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from tuning.rephrasing.words import rephrased

_POLITE = (
    "Could you tell me: ",
    "Hi, ",
    "Quick question: ",
    "Please tell me: ",
    "Hello! ",
    "I wonder: ",
    "Sorry, ",
    "Does anybody know: ",
    "Can somebody help: ",
    "Hey, ",
    "I can't find this: ",
)
_SHORT = (
    (re.compile(r"^What is\b"), "What's"),
    (re.compile(r"^Who is\b"), "Who's"),
    (re.compile(r"^When is\b"), "When's"),
    (re.compile(r"^Where is\b"), "Where's"),
)
_MANY = "(I|we|you|they|employees|staff|people|visitors|guests|customers|managers)"
_CARES = "(?:is responsible for|is in charge of|takes care of|looks after|deals with|answers questions (?:about|on))"
_SWAPPED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (rf"^How much (?:may|can) {_MANY} spend on\b", (r"What's the limit for", r"What's the most \1 can spend on")),
    (r"^How much (?:is|are)\b", ("What's the amount for",)),
    (r"^How much (does|do) (.+) cost\b", (r"What \1 \2 cost", r"What's the price of \2", r"How expensive \1 \2 get")),
    (rf"^How (much|many .+?) do {_MANY} ", (r"I'd like to know how \1 \2 ", r"Do you know how \1 \2 ")),
    (rf"^How many (.+?) (may|can) {_MANY}\b", (r"What's the maximum number of \1 \3 \2", r"Up to how many \1 \2 \3")),
    (r"^How many\b", ("What number of", "Exactly how many")),
    (r"^How long (?!is\b)", ("For how long ",)),
    (r"^How often\b", ("How frequently", "At what interval")),
    (r"^How quickly\b", ("How fast", "How soon", "In what time")),
    (r"^After how long\b", ("After how much time", "After what time")),
    (rf"^How do {_MANY} ", ("How to ", r"What do \1 have to do to ", "What's the procedure to ")),
    (rf"^(When|Where|How often|How long) do {_MANY} ", (r"Do you know \1 \2 ", r"I'd like to know \1 \2 ")),
    (r"^When\b", ("At what time", "On which date", "On what day")),
    (
        rf"^When ((?:must|should) {_MANY}|do {_MANY} (?:have|need) to)\b",
        (r"By when \1", r"What's the deadline: when \1"),
    ),
    (r"^Where\b", ("In which place", "Where exactly")),
    (rf"^Who {_CARES} ", ("Who do I contact about ", "Who do I ask about ", "Who can help me with ")),
    (r"^Who (?!is|are|do|does|can|may|must|should|will)", ("Who is it that ", "Do you know who ")),
    (r"^Who (?!are|do)", ("Which person ", "Which colleague ")),
    (r"^By whom (is|are|was|were) (.+)\?$", (r"Who \1 \2 by?",)),
    (r"^With what (.+)\?$", (r"What \1 with?",)),
    (r"^With which form (.+)\?$", (r"Which form \1 with?",)),
    (r"^Under which number\b", ("On which phone number", "Under what number")),
    (r"^At which address\b", ("At what address", "At which e-mail address")),
    (r"^What percentage\b", ("How many percent", "What share")),
    (r"^What is the (.+) for\b", (r"Which \1 applies to", r"Which \1 is there for")),
    (r"^What (?:is|are) the (.+) for\b", (r"Tell me the \1 for", r"I need the \1 for")),
    (r"^What is the (.*(?:limit|rate|price|fee|budget|bonus|allowance)) for\b", (r"How high is the \1 for",)),
    (r"^What is the deadline for\b", ("When is the deadline for", "Until when is there time for")),
    (r"^What (is|are)\b", (r"Tell me what \1", r"Tell me: what \1")),
    (r"^(?:Can|May) I\b", ("Am I allowed to", "Is it OK if I", "Is it fine if I")),
    (r"^(?:Can|May) (we|employees|staff|people|visitors|guests)\b", (r"Are \1 allowed to", r"Is it OK if \1")),
)
"""How a question begins, and how else it may."""
_FIRST_PERSON = (
    (r"\b(do|may|can|must|should|will) (?:employees|staff|we)\b", r"\1 I"),
    (r"\b(may|can|must|should|will) (?:an|each|every) employee\b", r"\1 I"),
    (r"\b(d)oes (?:an|each|every) employee\b", r"\1o I"),
    (r"\b(a)re (?:employees|staff|we)\b", r"\1m I"),
)
_THIRD_PERSON = (
    (r"\b(do|may|can|must|should|will) I\b", r"\1 employees"),
    (r"\b(a)m I\b", r"\1re employees"),
)
_REQUEST = re.compile(r"I'd like|I need|Tell me")
_SAYS_WHOSE = re.compile(r"\b(?:my|me|myself|mine|our|us|ourselves|their|them|themselves|they|as an?)\b", re.IGNORECASE)
_GIVEN = re.compile(
    rf"^How (?:much|many) (.+?) (?:do|does|may|can|will) (?:an employee|{_MANY}) (?:get|have|receive)\b"
)
_NAMED = re.compile(r"^What (?:is|are) (?:the )?(.+)$")
_ASKED_LAST = re.compile(r"^(When|Where|How long|How often) (?:is|are|do|does) (.+)\?$")
_DROPPED_FROM_KEYWORDS = frozenset(
    "a an the is are was were do does can may must will should to of i you we my our your be".split()  # noqa: SIM905
)


_KEPT_WORDS = (0.5, 0.9)
"""Share of the words that stay in a question of somebody in a hurry."""
_MOST_TRIES = 4
_KEPT = 2**12
"""Questions whose beginnings are kept: a dataset asks each in dozens of ways."""


def wordings(question: str, title: str, count: int, rng: random.Random, *, is_whole: bool = False) -> list[str]:
    """Return the question and up to `count` - 1 other ways to ask it, without repeats; `is_whole`: no word lost."""
    ways: list[Callable[[], str]] = [
        lambda: rng.choice(_POLITE) + question,
        lambda: question.lower().rstrip("?"),
        lambda: _keywords(question),
        lambda: _swapped(question, rng),
        lambda: f"{title}: {question[:1].lower() + question[1:]}",
        lambda: _shortened(question),
        lambda: rephrased(question, rng),
        lambda: rephrased(_swapped(question, rng), rng),
        lambda: _terse(question),
        lambda: _by_another(question),
        lambda: rephrased(_by_another(question), rng),
    ]
    if not is_whole:
        ways += [
            lambda: _hurried(rephrased(question, rng), rng),
            lambda: _hurried(rephrased(f"{title} {question}", rng), rng),
        ]
    found = dict.fromkeys([question])
    for _ in range(_MOST_TRIES):
        rng.shuffle(ways)
        found |= dict.fromkeys(way() for way in ways)
        if len(found) >= count:
            break
    return list(found)[:count]


def _hurried(question: str, rng: random.Random) -> str:
    """Return the question without some of its words, but with at least two of those that tell what it is about."""
    kept_share = rng.uniform(*_KEPT_WORDS)
    words = question.split()
    kept = [word for word in words if rng.random() < kept_share]
    telling = [word for word in kept if word.lower() not in _DROPPED_FROM_KEYWORDS]
    return " ".join(kept) if len(telling) > 1 else question


def _keywords(question: str) -> str:
    words = [word for word in question.rstrip("?").split() if word.lower() not in _DROPPED_FROM_KEYWORDS]
    return f"{' '.join(words).lower()}?"


def _shortened(question: str) -> str:
    for pattern, short in _SHORT:
        question = pattern.sub(short, question)
    return question


def _terse(question: str) -> str:
    """Return the question as somebody types it who is used to search: what it is about, and a question mark."""
    for pattern, left in ((_GIVEN, r"\1"), (_NAMED, r"\1"), (_ASKED_LAST, r"\2 \1?")):
        if pattern.search(question):
            return pattern.sub(left, question).lower()
    return _keywords(question)


def _by_another(question: str) -> str:
    """Return what employees may as what I may, or the other way round; the question itself if it says whose."""
    if not _SAYS_WHOSE.search(question) and len(re.findall(r"\b(?:I|we|employees?)\b", question)) == 1:
        for pattern, other in (*_FIRST_PERSON, *_THIRD_PERSON):
            if re.search(pattern, question, re.IGNORECASE):
                return re.sub(pattern, other, question, flags=re.IGNORECASE)
    return question


def _swapped(question: str, rng: random.Random) -> str:
    """Return the question with another beginning."""
    ways = _beginnings(question)
    return _punctuated(rng.choice(ways)) if ways else question


@lru_cache(_KEPT)
def _beginnings(question: str) -> Sequence[str]:
    """Return the question with each other beginning that it may have."""
    ways = [re.sub(pattern, other, question) for pattern, others in _SWAPPED for other in others]
    return [way for way in ways if way != question]


def _punctuated(question: str) -> str:
    """Return a question that other words begin with its own first word in small letters, a request with a full stop."""
    said = re.sub(r"(?<=know )[A-Z](?=[a-z]+ )", lambda found: found[0].lower(), question)
    return said.removesuffix("?") + "." if _REQUEST.match(said) else said
