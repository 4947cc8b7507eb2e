"""What people asked that no document answered: questions that share a word, under their most telling words. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from tuning.domain.usage import Topic
from tuning.rephrasing.telling import STOP_WORDS, WORD, stem
from tuning.store.usage import Declined

MIN_PEOPLE = 2
"""How many people must have used a word, or asked a question in these words, before others see it."""
MIN_LETTERS = 3
MAX_WORDS = 3


def topics(asked: Sequence[Declined], *, names_people: bool, limit: int) -> list[Topic]:
    """Return the topics with the most questions, largest first; a question counts towards its largest topic.

    Unless people may be named, nothing is in a topic that only one person wrote: no word and no question.
    """
    least = 1 if names_people else MIN_PEOPLE
    words = [_words(one.question) for one in asked]
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for found in words:
        for key, word in found.items():
            written[key][word] += 1
    left, made = set(range(len(asked))), list[Topic]()
    while len(made) < limit and (chosen := _largest(asked, words, left, least)) is not None:
        about = [at for at in sorted(left) if chosen in words[at]]
        keys = [chosen, *_companions(asked, words, about, chosen, least)]
        made.append(
            Topic(
                words=[written[key].most_common(1)[0][0] for key in keys],
                questions=len(about),
                people=len({asked[at].person_id for at in about}),
                asked_on=[asked[at].day for at in about],
                example=_example([asked[at] for at in about], least),
            )
        )
        left.difference_update(about)
    return made


def _words(question: str) -> dict[str, str]:
    """Return the telling words of a question by their stems."""
    found = [word for word in WORD.findall(question.lower()) if word not in STOP_WORDS and len(word) >= MIN_LETTERS]
    return {stem(word): word for word in found}


def _people(
    asked: Sequence[Declined], words: Sequence[Mapping[str, str]], places: Collection[int]
) -> tuple[Counter[str], dict[str, set[str]]]:
    """Return how many of these questions hold each word, and who wrote it."""
    questions: Counter[str] = Counter()
    people: dict[str, set[str]] = defaultdict(set)
    for at in places:
        for key in words[at]:
            questions[key] += 1
            people[key].add(asked[at].person_id)
    return questions, people


def _largest(
    asked: Sequence[Declined], words: Sequence[Mapping[str, str]], left: Collection[int], least: int
) -> str | None:
    questions, people = _people(asked, words, left)
    known = [key for key in questions if len(people[key]) >= least]
    return min(known, key=lambda key: (-questions[key], -len(people[key]), key), default=None)


def _companions(
    asked: Sequence[Declined], words: Sequence[Mapping[str, str]], about: Sequence[int], chosen: str, least: int
) -> list[str]:
    """Return the words that at least half of a topic's questions share besides, the most frequent first."""
    questions, people = _people(asked, words, about)
    shared = [key for key in questions if key != chosen and len(people[key]) >= least]
    shared = [key for key in shared if 2 * questions[key] >= len(about)]
    return sorted(shared, key=lambda key: (-questions[key], key))[: MAX_WORDS - 1]


def _example(about: Sequence[Declined], least: int) -> str:
    """Return the question that most people asked in these words; empty if too few did."""
    people: dict[tuple[str, ...], set[str]] = defaultdict(set)
    texts: dict[tuple[str, ...], str] = {}
    for one in about:
        key = tuple(WORD.findall(one.question.lower()))
        people[key].add(one.person_id)
        texts.setdefault(key, one.question)
    most = max(people, key=lambda key: len(people[key]))
    return texts[most] if len(people[most]) >= least else ""
