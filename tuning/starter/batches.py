"""Rows as token ids with weights, and batches of about the same number of tokens whatever the rows' lengths."""

import itertools
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
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
_CHOOSING_WEIGHT = 2.5
"""Of the first tokens of what drafts and summaries copy, and of their ends: there they choose, all else copies on."""
_FOLLOWERS = 4
"""How many tokens after a precedent's value should look back at it, for a draft to go on there."""
_BEGINNING, _ENDING = 2, 6
"""How many tokens of a sentence stand for its beginning, and for its end: only there it is known whether it matters."""
_COPIED = 3
"""How many tokens of what is copied are shown where they stand: the others follow from those before."""
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
        written = {
            index: _Tokens(self._pieces, row.messages[index]["content"], starts[index])
            for index in {copy.message for copy in row.copies}
        }
        if row.copies and row.skill not in _FOUND:
            for position in _choices(row, answers, written):
                weights[position] = _CHOOSING_WEIGHT
        aims = self._aims(row, starts, answers, written) if row.evidence or row.copies else ()
        return EncodedRow(ids=ids, weights=weights, answers=answers, aims=aims)

    def _aims(
        self, row: Row, starts: Sequence[int], answers: Sequence[range], written: Mapping[int, "_Tokens"]
    ) -> tuple[Aim, ...]:
        """Return where attention should go.

        What follows a value looks back at it, an answer looks for its statement, a brief's value for what it replaces,
        and the first tokens of what is copied for where they stand. A value in a draft looks back at its beginning, as
        what follows the value that it replaces does: both know the words before it. The end of a sentence looks back
        at its beginning, that of one to keep at the end of the last one before it, and a summary for the ends of those.
        """
        asked = _Tokens(self._pieces, row.messages[row.asked]["content"], starts[row.asked])
        return (*_finding(row, asked, answers), *_replacing(row, asked), *_choosing(row, asked, written))


class _Tokens:
    """Which tokens of a row hold which characters of one of its messages."""

    def __init__(self, pieces: sentencepiece.SentencePieceProcessor, message: str, start: int) -> None:
        cut = pieces.encode(message, return_type="proto").pieces
        self._begins, self._ends = [piece.begin for piece in cut], [piece.end for piece in cut]
        self._byte_at = list(itertools.accumulate((len(character.encode()) for character in message), initial=0))
        self._start = start

    def of(self, span: range) -> range:
        """Return the tokens that hold any of these characters."""
        first = bisect_right(self._ends, self._byte_at[span.start])
        stop = bisect_left(self._begins, self._byte_at[span.stop])
        return range(self._start + first, self._start + stop)

    def within(self, span: range) -> dict[range, int]:
        """Return the tokens that end within these characters, by the bytes of these that they hold."""
        first, last = self._byte_at[span.start], self._byte_at[span.stop]
        held = {}
        for token in self.of(span):
            begin, end = self._begins[token - self._start], self._ends[token - self._start]
            if end <= last:
                held[range(max(begin - first, 0), end - first)] = token
        return held


def _choices(row: Row, answers: Sequence[range], written: Mapping[int, _Tokens]) -> Iterator[int]:
    """Yield the first tokens of every part that is copied, and the last of each answer."""
    for copy in row.copies:
        yield from written[copy.message].of(copy.part)[:_LOCATING_TOKENS]
    yield from (answer.stop - 1 for answer in answers)


def _finding(row: Row, asked: _Tokens, answers: Sequence[range]) -> Iterator[Aim]:
    """Give where the parts of statements look, and the questions that these answer."""
    for one in row.evidence:
        value, statement = asked.of(one.value), asked.of(one.statement)
        if value.stop < statement.stop:
            yield Aim(guide=Guide.VALUE, queries=range(value.stop, statement.stop), keys=value[:1])
    for answer, support in zip(answers, row.support, strict=False):
        if support is not None:
            before = range(answer.start - 1, answer.start)
            yield Aim(guide=Guide.STATEMENT, queries=before, keys=asked.of(support.statement))


def _replacing(row: Row, asked: _Tokens) -> Iterator[Aim]:
    """Give where a brief's values look, and what follows those that they replace."""
    for changed in row.replacements:
        for old, after in zip(map(asked.of, changed.old), map(asked.of, changed.after), strict=True):
            yield Aim(guide=Guide.REPLACED, queries=asked.of(changed.new), keys=old)
            if followers := range(old.stop, after.stop)[:_FOLLOWERS]:
                yield Aim(guide=Guide.VALUE, queries=followers, keys=old[:1])


def _choosing(row: Row, asked: _Tokens, written: Mapping[int, _Tokens]) -> Iterator[Aim]:
    """Give where the sentences of a document look, and what is copied from it or from elsewhere."""
    sentences = [asked.of(sentence) for sentence in row.sentences]
    for sentence in sentences:
        yield Aim(guide=Guide.VALUE, queries=_ending(sentence), keys=sentence[:_BEGINNING])
    kept = [asked.of(copy.source) for copy in row.copies if copy.source in row.sentences]
    begin = sentences[0].start if sentences else 0
    for before, sentence in zip([range(begin - _BEGINNING, begin), *map(_ending, kept)], kept, strict=False):
        yield Aim(guide=Guide.PREVIOUS, queries=_ending(sentence), keys=before)
    values = {changed.new for changed in row.replacements}
    for copy in row.copies:
        answer = written[copy.message]
        part = answer.of(copy.part)
        if copy.source in row.sentences:
            before = range(part.start - 1, part[:_COPIED].stop - 1)
            yield Aim(guide=Guide.STATEMENT, queries=before, keys=_ending(asked.of(copy.source)))
        else:
            yield from _copied(answer.within(copy.part), asked.within(copy.source))
        if copy.source in values:
            yield Aim(guide=Guide.VALUE, queries=range(part.start, part.stop + _COPIED - 1), keys=part[:1])


def _ending(sentence: range) -> range:
    """Return the last tokens of a sentence, or all but the first of a short one."""
    return sentence[max(1, len(sentence) - _ENDING) :]


def _copied(written: Mapping[range, int], source: Mapping[range, int]) -> Iterator[Aim]:
    """Give that the tokens before the first ones that are copied should look at where these stand."""
    first = [(token - 1, source[part]) for part, token in written.items() if part in source][:_COPIED]
    for query, key in first:
        yield Aim(guide=Guide.COPIED, queries=range(query, query + 1), keys=range(key, key + 1))


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
