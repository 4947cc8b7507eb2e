"""What a base model in some type answers: likelihood of the right answers, and whether greedy decoding gives them.

In this process and on one thread, through the engine's own door to llama.cpp, so that a busy machine changes little.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serving.config import EngineConfig
from serving.llama.batches import Piece
from serving.llama.contexts import Context
from serving.llama.models import Model, Vocabulary
from serving.prompt import ChatTemplate
from tuning.domain.prompts import Message

CONTEXT = 2048
BATCH = 256
WRITTEN = 32
"""Tokens to write, to see how fast that goes."""

Tokens = list[int]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A prompt and the answer that is wanted, in tokens."""

    prompt: Tokens
    answer: Tokens


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a model got, over all questions."""

    right: float
    """Share of the questions that greedy decoding answers exactly as wanted."""
    loss: float
    """Mean negative log-likelihood of the wanted answers' tokens, in nats."""
    chosen: tuple[Tokens, ...]
    """For each question: the likeliest token at every place of the wanted answer."""
    read_ms: float
    """CPU milliseconds per token read, in batches, on one core."""
    write_ms: float
    """The same per token written, one after the other."""


def questions(model: Path, asked: Sequence[tuple[Sequence[Message], str]]) -> list[Question]:
    """Return chats and their answers as the model's tokens; those that are too long are left out."""
    loaded = Model(model, _config(model))
    try:
        vocabulary = loaded.vocabulary
        template = ChatTemplate(
            loaded.chat_template() or "", bos=vocabulary.bos, eos=vocabulary.eos, markers=vocabulary.markers
        )
        found = [
            Question(
                prompt=_tokens(vocabulary, template.render(messages)),
                answer=_tokens(vocabulary, f"{answer}{vocabulary.eos}"),
            )
            for messages, answer in asked
        ]
    finally:
        loaded.close()
    return [one for one in found if len(one.prompt) + len(one.answer) + WRITTEN < CONTEXT]


def examine(model: Path, adapter: Path | None, asked: Sequence[Question]) -> Marks:
    """Ask a model all questions."""
    loaded = Model(model, _config(model))
    context = Context(loaded, adapter, _config(model))
    losses: list[float] = []
    chosen: list[Tokens] = []
    seconds, read = 0.0, 0
    try:
        for one in asked:
            context.trim(0, 0)
            began = time.process_time()
            logits_N_V = _read(context, [*one.prompt, *one.answer], len(one.answer) + 1)
            seconds += time.process_time() - began
            read += len(one.prompt) + len(one.answer)
            chosen.append(logits_N_V[:-1].argmax(axis=1).tolist())
            losses += _losses(logits_N_V[:-1], one.answer)
        written = _write(context, len(asked[-1].prompt) + len(asked[-1].answer))
    finally:
        context.close()
        loaded.close()
    right = [tokens == one.answer for tokens, one in zip(chosen, asked, strict=True)]
    return Marks(
        right=statistics.mean(right),
        loss=statistics.mean(losses),
        chosen=tuple(chosen),
        read_ms=1000 * seconds / read,
        write_ms=written,
    )


def _read(context: Context, tokens: Tokens, wanted: int) -> NDArray[np.float32]:
    """Return the logits behind the last tokens."""
    found = []
    for start in range(0, len(tokens), BATCH):
        part = tokens[start : start + BATCH]
        from_here = max(0, start + len(part) - max(start, len(tokens) - wanted))
        found.append(context.decode([Piece(0, start, part, min(from_here, len(part)))]).copy())
    return np.concatenate(found)


def _write(context: Context, position: int) -> float:
    """Return the CPU milliseconds of a token, the median."""
    spent = []
    for place in range(WRITTEN):
        began = time.process_time()
        context.decode([Piece(0, position + place, [1 + place], 1)])
        spent.append(time.process_time() - began)
    return 1000 * statistics.median(spent)


def _losses(logits_N_V: NDArray[np.float32], answer: Tokens) -> list[float]:
    wide_N_V = logits_N_V.astype(np.float64)
    totals_N = np.logaddexp.reduce(wide_N_V, axis=1)
    return [float(total - row[token]) for total, row, token in zip(totals_N, wide_N_V, answer, strict=True)]


def _tokens(vocabulary: Vocabulary, text: str) -> Tokens:
    return vocabulary.tokenise(text, add_special=False, parse_special=True)


def _config(model: Path) -> EngineConfig:
    return EngineConfig(
        model=model,
        adapter_dir=model.parent,
        threads=1,
        context_tokens=CONTEXT,
        sequences=1,
        batch_tokens=BATCH,
        draft_tokens=BATCH,  # logits are wanted for a whole answer at once
    )
