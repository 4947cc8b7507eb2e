"""Other wordings of a question, as people type: polite, sloppy, short."""

import random
import re
from collections.abc import Callable

from tuning.datasets.synonyms import rephrased

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


_KEPT_WORDS = (0.5, 0.9)
"""Share of the words that stay in a question of somebody in a hurry."""
_MOST_TRIES = 4


def wordings(question: str, title: str, count: int, rng: random.Random) -> list[str]:
    """Return the question and up to `count` - 1 other ways to ask it, without repeats."""
    ways: list[Callable[[], str]] = [
        lambda: rng.choice(_POLITE) + question,
        lambda: question.lower().rstrip("?"),
        lambda: _keywords(question),
        lambda: _swapped(question, rng),
        lambda: f"{title}: {question[:1].lower() + question[1:]}",
        lambda: _shortened(question),
        lambda: rephrased(question, rng),
        lambda: rephrased(_swapped(question, rng), rng),
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


def _swapped(question: str, rng: random.Random) -> str:
    for pattern, others in _SWAPPED:
        if pattern.search(question):
            return pattern.sub(rng.choice(others), question, count=1)
    return question
