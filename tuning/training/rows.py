"""Examples to rows of tokens, rendered by the engine's code with the base model's template, and which of them when."""

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from serving.errors import InvalidRequest
from serving.markers import Markers
from serving.prompt import ChatTemplate
from tuning.domain.datasets import Origin, Split
from tuning.domain.prompts import Message
from tuning.training.batches import Batch, Row, batches, bundles, cost, shared
from tuning.training.certainty import correction_batches
from tuning.training.config import TrainingConfig
from tuning.training.errors import BaseModelUnfit, NothingToLearn
from tuning.training.judged import cases, judged_batches

SMALLEST_BATCH = 8
"""Rows per step that batches are not made smaller than for the sake of more steps."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One part of a training: its batches in order."""

    name: str
    rate: float
    """Peak learning rate."""
    batches: tuple[Batch, ...]
    is_judged: bool = False
    """Whether it learns from feedback, by comparing with the model as it was before."""
    certainty: float | None = None
    """Probability of an answer from which on a correction is not learned further; none: everything is."""
    pass_steps: int = 0
    """Steps in which every correction comes once, where there is such a probability."""

    def is_settled(self, steps: int) -> bool:
        """Whether so many steps that found nothing to learn, one after another, end it."""
        return self.certainty is not None and steps >= self.pass_steps


def read_examples(path: Path, split: Split) -> Iterator[dict[str, Any]]:
    """Give a dataset's examples of one split."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            example = json.loads(line)
            if example["split"] == split:
                yield example


def render(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Return the tokens of a prompt up to where the answer begins, as the engine renders them.

    Raises:
        BaseModelUnfit: the chat template refuses it.
    """
    return _tokens(tokenizer, messages, add_generation_prompt=True)


def render_row(tokenizer: Any, messages: Sequence[Message], completion: str, origin: Origin) -> Row:
    """Return a prompt with its completion, up to the token that ends the model's turn.

    Raises:
        BaseModelUnfit: the chat template doesn't put the answer right after the prompt.
    """
    prompt = render(tokenizer, messages)
    answered: list[Message] = [*messages, {"role": "assistant", "content": completion}]
    tokens = _tokens(tokenizer, answered, add_generation_prompt=False)
    if tokens[: len(prompt)] != prompt or len(tokens) == len(prompt):
        raise BaseModelUnfit(reason="its chat template renders an answer elsewhere than after the prompt")
    # Templates may write a line break or the end of the text after the end of the turn; the engine stops before it.
    end = turn_end(tokenizer)
    ends = [index for index, token in enumerate(tokens) if token == end and index >= len(prompt)]
    return Row(tokens=tuple(tokens[: ends[-1] + 1] if ends else tokens), start=len(prompt), origin=origin)


def turn_end(tokenizer: Any) -> int:
    """Return the token that ends the model's turn: the one that the template puts behind an answer.

    Gemma's isn't the end of a text. Where the template puts nothing there, it is.

    Raises:
        BaseModelUnfit: the chat template can't be used.
    """
    return _turn_end(tokenizer, tokenizer.get_chat_template())


def plan(config: TrainingConfig, tokenizer: Any) -> list[Stage]:
    """Return the stages with all their batches: a function of datasets, tokenizer and config alone.

    A training that continues a parent learns corrections and what is new in full, and repeats a share of the rest;
    of feedback it compares only what is new, since each time again would push further.

    Raises:
        NothingToLearn: no example is short enough.
        BaseModelUnfit: the chat template can't be used.
    """
    before = _learned(config)
    texts: list[str] = []
    fresh: list[Row] = []
    known: list[Row] = []
    judged: list[dict[str, Any]] = []
    for example in read_examples(config.examples, Split.TRAIN):
        is_known = example["origin"] != Origin.CORRECTION and _content(example) in before
        if example["origin"] == Origin.TEXT:
            texts += [] if is_known else [example["completion"]]
            continue
        if example["origin"] == Origin.PREFERENCE:
            judged += [] if is_known else [example]
            continue
        row = render_row(tokenizer, example["messages"], example["completion"], Origin(example["origin"]))
        (known if is_known else fresh).append(row)
    examples = len(texts) + len(fresh) + len(known)
    fresh, known = ([row for row in rows if len(row.tokens) <= config.row_tokens] for rows in (fresh, known))
    if not fresh and not known:
        raise NothingToLearn(examples=examples, row_tokens=config.row_tokens)
    config = fitted(config, len(fresh) + round(len(known) * config.replay))
    chance = random.Random(config.seed)
    epochs = [[*fresh, *part] for part in _parts(known, config, chance)]
    text_rows = pack(tokenizer, texts, config.text_tokens)
    adaptation = [text_rows[index] for index in _passes(len(text_rows), config.adaptation_epochs, chance)]
    learned = [batch for rows in epochs for batch in batches(choose(rows, config, chance), config, chance)]
    compared = cases(judged, lambda messages, said: render_row(tokenizer, messages, said, Origin.PREFERENCE))
    preferred = judged_batches(compared, [*fresh, *known], config, chance)
    mended = tuple(correction_batches([*fresh, *known], config, chance))
    stages = [
        Stage(name="adaptation", rate=config.adaptation_rate, batches=tuple(batches(adaptation, config, chance))),
        Stage(name="examples", rate=config.rate, batches=tuple(learned)),
        Stage(name="preferences", rate=config.preference_rate, batches=tuple(preferred), is_judged=True),
        Stage(
            name="corrections",
            rate=config.correction_rate,
            batches=mended,
            certainty=config.correction_certainty,
            pass_steps=len(mended) // max(1, config.correction_passes),
        ),
    ]
    return [stage for stage in stages if stage.batches]


def fitted(config: TrainingConfig, rows: int) -> TrainingConfig:
    """Return the config for so many rows an epoch: few are learned in smaller batches and more epochs.

    A handful of large steps at a high rate would end wherever the last ones point. Adam's rate goes with the square
    root of the batch (Malladi et al. 2022).
    """
    if not rows * config.epochs:
        return config
    size = min(config.batch_rows, max(SMALLEST_BATCH, rows * config.epochs // config.least_steps))
    return replace(
        config,
        batch_rows=size,
        rate=config.rate * math.sqrt(size / config.batch_rows),
        epochs=max(config.epochs, math.ceil(config.least_steps * size / rows)),
    )


def pack(tokenizer: Any, texts: Sequence[str], length: int) -> list[Row]:
    """Return running text as rows of equal length, documents one after another with the end token between them."""
    stream: list[int] = []
    for text in texts:
        stream += [*running_tokens(tokenizer, text), tokenizer.eos_token_id]
    pieces = [tuple(stream[start : start + length]) for start in range(0, len(stream), length)]
    return [Row(tokens=piece, start=1, origin=Origin.TEXT) for piece in pieces if len(piece) > 1]


def running_tokens(tokenizer: Any, text: str) -> list[int]:
    """Return the tokens of a document's text, which has none of the tokens that steer the model."""
    tokens: list[int] = tokenizer(markers(tokenizer).broken_up(text), add_special_tokens=False)["input_ids"]
    return tokens


@lru_cache(maxsize=4)
def markers(tokenizer: Any) -> Markers:
    """Return what steers the model: the same as the engine finds in the file that is made of this tokenizer."""
    return Markers((token.content, token.special) for token in tokenizer.added_tokens_decoder.values())


def choose(rows: Sequence[Row], config: TrainingConfig, chance: random.Random) -> list[Row]:
    """Return the rows of one epoch: every short one, long ones up to their share, and all corrections and pairs.

    Short corrections come several times. Long rows that share a passage are chosen together, and count it once. What a
    long one teaches is learned by heart, too; a pair, however long, is all that there is of it.
    """
    longest = config.long_row_tokens + (shared(rows) if rows else 0)
    short = [row for row in rows if len(row.tokens) <= longest]
    if not short:
        return list(rows)
    kept = (Origin.CORRECTION, Origin.PAIR)
    long = [row for row in rows if len(row.tokens) > longest and row.origin not in kept]
    always = [row for row in rows if len(row.tokens) > longest and row.origin in kept]
    always += [row for row in short if row.origin == Origin.CORRECTION] * (config.correction_repeats - 1)
    beginning = shared(short)
    bundled = bundles(long, beginning, config, chance)
    chance.shuffle(bundled)
    room = sum(len(row.tokens) - beginning for row in short) * config.long_share / (1 - config.long_share)
    chosen: list[Row] = []
    for bundle in bundled:
        room -= cost(bundle)
        if room < 0:
            break
        chosen += bundle
    return [*short, *chosen, *always]


@lru_cache(maxsize=4)
def _turn_end(tokenizer: Any, _template: str) -> int:
    said: list[Message] = [{"role": "user", "content": "Ready?"}, {"role": "assistant", "content": "Yes!"}]
    behind = _text(tokenizer, said, add_generation_prompt=False).rpartition("Yes!")[2].strip()
    tokens: list[int] = [*tokenizer(behind, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    return tokens[0]


def _tokens(tokenizer: Any, messages: Sequence[Message], *, add_generation_prompt: bool) -> list[int]:
    text = _text(tokenizer, messages, add_generation_prompt=add_generation_prompt)
    tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens


def _text(tokenizer: Any, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
    try:
        bos, eos = tokenizer.bos_token or "", tokenizer.eos_token
        template = _template(tokenizer.get_chat_template(), bos, eos, markers(tokenizer))
        return template.render(messages, add_generation_prompt=add_generation_prompt)
    except InvalidRequest as refusal:
        raise BaseModelUnfit(reason=refusal.sentence.rstrip(".")) from refusal


@lru_cache(maxsize=4)
def _template(source: str, bos: str, eos: str, markers: Markers) -> ChatTemplate:
    return ChatTemplate(source, bos=bos, eos=eos, markers=markers)


def _learned(config: TrainingConfig) -> frozenset[str]:
    """Return what the parent has learned already; nothing without a parent or without its dataset."""
    if config.parent is None or config.learned is None or not config.learned.is_file():
        return frozenset()
    return frozenset(_content(example) for example in read_examples(config.learned, Split.TRAIN))


def _content(example: dict[str, Any]) -> str:
    return json.dumps([example[key] for key in ("messages", "completion", "rejected", "is_liked") if key in example])


def _parts(known: list[Row], config: TrainingConfig, chance: random.Random) -> Iterator[list[Row]]:
    """Give each epoch its share of the known rows, in turn, so that every row comes again before another does twice."""
    size, waiting = math.ceil(len(known) * config.replay), list[Row]()
    for _ in range(config.epochs):
        if len(waiting) < size:
            waiting += chance.sample(known, len(known))
        yield waiting[:size]
        del waiting[:size]


def _passes(count: int, epochs: float, chance: random.Random) -> list[int]:
    """Return the indexes of so many passes over a list, the last one in part and by chance."""
    indexes = list(range(count)) * int(epochs)
    return indexes + sorted(chance.sample(range(count), round(count * (epochs % 1))))
