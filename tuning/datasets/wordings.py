"""Other wordings of a question, as people type: polite, sloppy, short."""

import random
import re
from collections.abc import Callable

_POLITE = ("Could you tell me: ", "Hi, ", "Quick question: ", "Please tell me: ", "Hello! ", "I wonder: ", "Sorry, ")
_SHORT = (
    (re.compile(r"^What is\b"), "What's"),
    (re.compile(r"^Who is\b"), "Who's"),
    (re.compile(r"^When is\b"), "When's"),
    (re.compile(r"^Where is\b"), "Where's"),
)
_SWAPPED: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"^How much (is|are)\b"), ("What \\1 the amount of", "What does it cost for")),
    (re.compile(r"^How much (does|do) (.+) cost\b"), ("What \\1 \\2 cost", "What is the price of \\2")),
    (re.compile(r"^When\b"), ("At what time", "On which date", "By when")),
    (re.compile(r"^How long\b"), ("For how long", "For what time")),
    (re.compile(r"^How many\b"), ("What number of", "Exactly how many")),
    (re.compile(r"^Who\b"), ("Which person", "Which colleague")),
    (re.compile(r"^Where\b"), ("In which place",)),
    (re.compile(r"^How often\b"), ("How frequently", "At what interval")),
    (
        re.compile(r"^What (is|are) the (.+) for\b"),
        ("Which \\2 applies to", "Tell me the \\2 for", "How high is the \\2 for"),
    ),
    (re.compile(r"^What (is|are)\b"), ("Tell me what \\1", "Which \\1")),
)
_DROPPED_FROM_KEYWORDS = frozenset(
    "a an the is are was were do does can may must will should to of i you we my our your be".split()  # noqa: SIM905
)


def wordings(question: str, title: str, count: int, rng: random.Random) -> list[str]:
    """Return the question and up to `count` - 1 other ways to ask it, without repeats."""
    ways: list[Callable[[], str]] = [
        lambda: rng.choice(_POLITE) + question,
        lambda: question.lower().rstrip("?"),
        lambda: _keywords(question),
        lambda: _swapped(question, rng),
        lambda: f"{title}: {question[:1].lower() + question[1:]}",
        lambda: _shortened(question),
        lambda: _swapped(question, rng).lower(),
    ]
    rng.shuffle(ways)
    found = dict.fromkeys([question, *(way() for way in ways)])
    return list(found)[:count]


def _keywords(question: str) -> str:
    words = [word for word in question.rstrip("?").split() if word.lower() not in _DROPPED_FROM_KEYWORDS]
    return f"{' '.join(words).lower()}?"


def _shortened(question: str) -> str:
    for pattern, short in _SHORT:
        question = pattern.sub(short, question)
    return question


def _swapped(question: str, rng: random.Random) -> str:
    for pattern, others in _SWAPPED:
        if pattern.search(question):
            return pattern.sub(rng.choice(others), question, count=1)
    return question
