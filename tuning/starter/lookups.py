"""Conversations over passages of random tokens: what teaches a small model to find an answer, to copy it and to cite.

They have the frame of a real conversation, but nothing in them can be guessed, only looked up. Text alone taught none
of the three within half an hour; in these rows each of them forms within minutes.
"""

import random
from collections.abc import Callable, Sequence

from tuning.starter.architecture import VOCABULARY
from tuning.starter.batches import BOS_ID, END_ID, Batch, EncodedRow, Encoder, collate
from tuning.starter.passages import invent_sources
from tuning.starter.wording import VALUES

FIRST_ID = 263
"""Ids below are special pieces and bytes."""
CHOOSING_WEIGHT = 3.0
"""Of an answer's first token and of the number that it cites, which have to be found; the others copy on."""
FRAME_WEIGHT = 0.1
"""Of what every answer has in common."""
_ALPHABETS = (12, 25, 50, 100, 1700)
"""How many different tokens a row has: with few, a place is known only by several tokens in a row."""
_CONNECTIVES = ["is", "are", "of", "the", "to", "a", "for", "in", "at", "on", "be", "must", "may", "by", "you", "we"]
_CONNECTIVES += ["can", "with", "from", "and", "have", "has", "our", "all", "it", "please", "only", "until"]


class _Conversation:
    """A row under construction: numbered passages, then questions with their answers."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._ids = [BOS_ID, *encoder.role("user"), *encoder.newline]
        self._weights: list[float] = []
        self._answers: list[range] = []

    def passage(self, number: int, text: Sequence[int]) -> None:
        if number > 1:
            self._ids += [*self._encoder.newline, *self._encoder.newline]
        self._ids += [*self._encoder.marker(number, first=number == 1), *text]

    def ask(self, question: Sequence[int], value: Sequence[int], *, number: int) -> None:
        encoder = self._encoder
        if self._answers:
            self._ids += [END_ID, *encoder.newline, *encoder.role("user")]
        else:
            self._ids += encoder.newline
        self._ids += [*encoder.newline, *encoder.question, *question, *encoder.mark]
        self._ids += [END_ID, *encoder.newline, *encoder.role("assistant"), *encoder.newline]
        answer = [*value, *encoder.citation(number)]
        self._answers.append(range(len(self._ids), len(self._ids) + len(answer)))
        self._weights += [0.0] * (len(self._ids) - len(self._weights))
        self._weights += [CHOOSING_WEIGHT, *[1.0] * (len(value) - 1), 1.0, CHOOSING_WEIGHT, FRAME_WEIGHT]
        self._ids += answer

    def finish(self) -> EncodedRow:
        return EncodedRow(ids=[*self._ids, END_ID], weights=[*self._weights, FRAME_WEIGHT], answers=self._answers)


def _places(texts: list[list[int]], length: int) -> list[tuple[int, int]]:
    """Return the texts and offsets at which a run of this many tokens begins that begins nowhere else."""
    seen: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for index, text in enumerate(texts):
        for start in range(len(text) - length):
            seen.setdefault(tuple(text[start : start + length]), []).append((index, start))
    return [places[0] for places in seen.values() if len(places) == 1]


def quoting_row(rng: random.Random, encoder: Encoder, *, passages: tuple[int, int], queries: int) -> EncodedRow:
    """Return passages, and questions that quote a few tokens of one; the answer goes on from there and cites."""
    conversation, texts = _Conversation(encoder), []
    alphabet = rng.sample(range(FIRST_ID, VOCABULARY), rng.choice(_ALPHABETS))
    longest = rng.choice((12, 24, 48))
    for number in range(1, rng.randint(*passages) + 1):
        text: list[int] = []
        for _ in range(rng.randint(1, 4)):
            text += rng.choices(alphabet, k=rng.randint(6, longest))
            text += encoder.newline if rng.random() < 0.3 else encoder.stop
        texts.append(text)
        conversation.passage(number, text)
    quoted = rng.choice((2, 3, 4))
    places = _places(texts, quoted) or _places(texts, quoted + 3)
    for index, start in rng.sample(places, min(queries, len(places))):
        end = start + quoted
        conversation.ask(texts[index][start:end], texts[index][end:][: rng.randint(1, 8)], number=index + 1)
    return conversation.finish()


def _connect(rng: random.Random, encoder: Encoder, least: int, most: int) -> list[int]:
    return [token for word in rng.choices(_CONNECTIVES, k=rng.randint(least, most)) for token in encoder.text(word)]


def statement_row(rng: random.Random, encoder: Encoder, *, passages: tuple[int, int], queries: int) -> EncodedRow:
    """Return passages of statements, each a key and its value on either side of common words, and questions for keys.

    Keys share tokens, so that only all of them together find the value. Values more often come first: what follows a
    key is found with ease, what stands before it is not.
    """
    conversation, keys = _Conversation(encoder), set[tuple[int, ...]]()
    alphabet = rng.sample(range(FIRST_ID, VOCABULARY), rng.choice(_ALPHABETS[2:]))
    stated: list[tuple[int, list[int], list[int]]] = []
    for number in range(1, rng.randint(*passages) + 1):
        text: list[int] = []
        for _ in range(rng.randint(1, 4)):
            key, most = rng.choices(alphabet, k=rng.randint(2, 4)), rng.choice((0, 1, 3))
            value = rng.choices(alphabet, k=rng.choice((1, 1, 2, rng.randint(1, 6))))
            if tuple(key) in keys:
                continue
            keys.add(tuple(key))
            stated.append((number, key, value))
            first, last = (key, value) if rng.random() < 0.25 else (value, key)
            text += [*_connect(rng, encoder, 0, most), *first, *_connect(rng, encoder, min(1, most), most), *last]
            text += _connect(rng, encoder, 1, 3) if rng.random() < 0.3 else []
            text += encoder.newline if rng.random() < 0.2 else encoder.stop
        conversation.passage(number, text)
    for number, key, value in rng.sample(stated, min(queries, len(stated))):
        after = _connect(rng, encoder, 1, 2) if rng.random() < 0.3 else []
        conversation.ask([*_connect(rng, encoder, 1, 4), *key, *after], value, number=number)
    return conversation.finish()


def recital_row(rng: random.Random, encoder: Encoder, *, passages: tuple[int, int], queries: int) -> EncodedRow:
    """Return passages of invented text, and questions that quote a few of its words; the answer recites what follows.

    In amounts, addresses and sentences that begin alike tokens repeat, so that the one before does not tell which comes
    next: copying them needs several in a row, which the distinct tokens of `copy_batch` never taught.
    """
    conversation, texts = _Conversation(encoder), []
    count = rng.randint(*passages)
    if rng.random() < 0.5:
        sources = invent_sources(rng, count=count, facts_each=(1, 3), fillers=(0, 2))
        said = [source.passage.text for source in sources]
    else:
        said = [_values(rng) for _ in range(count)]
    for number, text in enumerate(said, start=1):
        texts.append(encoder.text(text))
        conversation.passage(number, texts[-1])
    quoted = rng.choice((2, 3, 4, 6))
    places = _places(texts, quoted) or _places(texts, quoted + 4)
    for index, start in rng.sample(places, min(queries, len(places))):
        end = start + quoted
        conversation.ask(texts[index][start:end], texts[index][end:][: rng.choice((3, 8, 20, 50))], number=index + 1)
    return conversation.finish()


def _values(rng: random.Random) -> str:
    """Return values of all kinds one after another, or long numbers of a few digits."""
    if rng.random() < 0.3:
        digits = rng.sample("0123456789", rng.randint(2, 4))
        return " ".join("".join(rng.choices(digits, k=rng.randint(2, 9))) for _ in range(rng.randint(3, 9)))
    kinds = rng.choices(sorted(VALUES), k=rng.randint(3, 12))
    return rng.choice((". ", ", ", "; ", " and ", "\n")).join(VALUES[kind](rng) for kind in kinds)


def lookup_batch(invent: Callable[[], EncodedRow], *, tokens: int) -> Batch:
    """Return rows as `invent` makes them, at most `tokens` tokens in all, padding included."""
    rows: list[EncodedRow] = []
    longest = 0
    while True:
        row = invent()
        longest = max(longest, len(row.ids))
        if rows and longest * (len(rows) + 1) > tokens:
            return collate(rows)
        rows.append(row)
