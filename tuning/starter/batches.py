"""Rows as token ids with weights, and batches of about the same number of tokens whatever the rows' lengths."""

import itertools
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
import torch

from tuning.starter.guidance import Aim, Guide
from tuning.starter.rows import Row
from tuning.starter.tokenizer import ROLES

BOS_ID, END_ID, PAD_ID = 1, 2, 3
READING_WEIGHT = 0.05
_PLAIN_LENGTH = 160
"""Rows up to this long give all of `READING_WEIGHT` to each token that is no answer; longer rows share it out."""
_LOCATING_TOKENS, _LOCATING_WEIGHT = 2, 6.0
"""The first tokens of an answer choose its place and the number cites it; the others copy on, learned long before."""
_WRITING_WEIGHT = 0.6
"""Of a token of drafts, summaries and written questions: they are long, and would drown the short answers."""
_FOUND = frozenset({"questions", "refusal", "unread"})


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows of one length, ready for a step of training."""

    ids_B_T: torch.Tensor
    """Token ids, padded on the right."""
    weights_B_T: torch.Tensor
    """How much each token counts as something to predict; the first of a row never does."""
    aims: tuple[tuple[int, Aim], ...] = ()
    """Where attention should go, each with the number of its row."""


@dataclass(frozen=True, kw_only=True)
class EncodedRow:
    """A row as the model reads it."""

    ids: list[int]
    """Token ids, from the first to the end of the last answer."""
    weights: list[float]
    """How much each token counts as something to predict."""
    answers: list[range]
    """Where each answer stands, its end included."""
    aims: tuple[Aim, ...] = ()
    """Where attention should go."""


class Encoder:
    """Cuts rows into tokens just as the chat template and the tokenizer do."""

    def __init__(self, tokenizer_model: Path) -> None:
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_model))
        self._roles = {role: self._pieces.piece_to_id(f"<|{role}|>") for role in ROLES}
        self.newline: list[int] = self._pieces.encode("\n")
        self.stop: list[int] = self._pieces.encode(". ")
        self.mark: list[int] = self._pieces.encode("?")
        self._bracket = self.citation(1)[-1]
        self.question: list[int] = self._pieces.encode("Question: ")

    def role(self, name: str) -> list[int]:
        """Return the token that opens this role's messages."""
        return [self._roles[name]]

    def text(self, text: str) -> list[int]:
        """Return the tokens of words within a sentence."""
        pieces: list[int] = self._pieces.encode(f" {text}")
        return pieces

    def marker(self, number: int, *, first: bool) -> list[int]:
        """Return the tokens that number a passage, at the start of a message or after a blank line."""
        pieces: list[int] = self._pieces.encode(f"[{number}] " if first else f"\n[{number}] ")
        return pieces[:-1] if first else pieces[len(self.newline) : -1]

    def citation(self, number: int) -> list[int]:
        """Return the three tokens that cite a passage after an answer, the number in the middle."""
        pieces: list[int] = self._pieces.encode(f"x [{number}]")
        return pieces[-3:]

    def encode(self, row: Row) -> EncodedRow:
        """Return the row's tokens: answers weigh most, the rest a little, the first token nothing."""
        ids, answers, starts = [BOS_ID], [], []
        for index, message in enumerate(row.messages):
            ids += [self._roles[message["role"]], *self.newline]
            starts.append(len(ids))
            ids += [*self._pieces.encode(message["content"]), END_ID]
            if index in row.targets:
                answers.append(range(starts[-1], len(ids)))
            ids += self.newline
        reading = READING_WEIGHT * min(1.0, _PLAIN_LENGTH / len(ids))
        weights = [0.0] + [reading] * (len(ids) - 1)
        for answer in answers:
            for place, position in enumerate(answer):
                locates = place < _LOCATING_TOKENS
                weights[position] = (_LOCATING_WEIGHT if locates else 1.0) if row.skill in _FOUND else _WRITING_WEIGHT
            if row.skill in _FOUND and ids[answer.stop - 2] == self._bracket:
                weights[answer.stop - 3] = _LOCATING_WEIGHT
        aims = self._aims(row, starts[row.asked], answers) if row.evidence else ()
        return EncodedRow(ids=ids, weights=weights, answers=answers, aims=aims)

    def _aims(self, row: Row, start: int, answers: Sequence[range]) -> tuple[Aim, ...]:
        """Return that what follows a value should look back at it, and that an answer should look for its statement."""
        message = row.messages[row.asked]["content"]
        pieces = self._pieces.encode(message, return_type="proto").pieces
        begins, ends = [piece.begin for piece in pieces], [piece.end for piece in pieces]
        byte_at = list(itertools.accumulate((len(character.encode()) for character in message), initial=0))

        def tokens(span: range) -> range:
            first, stop = bisect_right(ends, byte_at[span.start]), bisect_left(begins, byte_at[span.stop])
            return range(start + first, start + stop)

        aims = []
        for one in row.evidence:
            value, statement = tokens(one.value), tokens(one.statement)
            if value.stop < statement.stop:
                followers = range(value.stop, statement.stop)
                aims.append(Aim(guide=Guide.VALUE, queries=followers, keys=value[:1]))
        for answer, support in zip(answers, row.support, strict=True):
            if support is not None:
                before = range(answer.start - 1, answer.start)
                aims.append(Aim(guide=Guide.STATEMENT, queries=before, keys=tokens(support.statement)))
        return tuple(aims)


def collate(rows: list[EncodedRow]) -> Batch:
    """Return the rows as one batch, padded on the right to the longest."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), PAD_ID)
    weights = torch.zeros(len(rows), longest)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        weights[index, : len(row.ids)] = torch.tensor(row.weights)
    aims = tuple((index, aim) for index, row in enumerate(rows) for aim in row.aims)
    return Batch(ids_B_T=ids, weights_B_T=weights, aims=aims)


def batches(
    rng: random.Random, encoder: Encoder, invent: Callable[[], Row], *, tokens: int, longest: int
) -> Iterator[Batch]:
    """Yield batches of at most `tokens` tokens, padding included, for ever; rows longer than `longest` are left out."""
    while True:
        pool: list[EncodedRow] = []
        while len(pool) < 96:
            row = encoder.encode(invent())
            if len(row.ids) <= longest:
                pool.append(row)
        pool.sort(key=lambda row: len(row.ids))
        ready: list[Batch] = []
        current: list[EncodedRow] = []
        for row in pool:
            if current and (len(current) + 1) * len(row.ids) > tokens:
                ready.append(collate(current))
                current = []
            current.append(row)
        ready.append(collate(current))
        rng.shuffle(ready)
        yield from ready
