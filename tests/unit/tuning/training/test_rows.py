"""Which rows an epoch has."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tuning.domain.datasets import Origin
from tuning.training.batches import Role, Row
from tuning.training.config import TrainingConfig
from tuning.training.rows import choose, fitted, plan

CONFIG = TrainingConfig(
    base=Path("base"),
    examples=Path("examples"),
    folder=Path("run"),
    batch_rows=4,
    batch_tokens=100,
    long_row_tokens=50,
    least_steps=1,
)


def row(number: int, length: int, origin: Origin = Origin.LIST) -> Row:
    return Row(tokens=(1, 2, 3, *[number + 10] * (length - 3)), start=length - 2, origin=origin)


def test_long_rows_take_at_most_their_share_where_there_are_short_ones():
    short, long = [row(1, 10)] * 30, [row(2 + number, 60) for number in range(30)]
    chosen = choose([*short, *long], CONFIG, random.Random(1))
    assert chosen.count(short[0]) == 30
    assert len(set(chosen) & set(long)) == 1
    assert choose(long, CONFIG, random.Random(1)) == long


def test_what_all_rows_begin_with_makes_none_long():
    instructions = tuple(range(100, 180))
    rows = [replace(one, tokens=instructions + one.tokens, start=one.start + 80) for one in (row(1, 10), row(2, 50))]
    long = replace(row(3, 60), tokens=instructions + row(3, 60).tokens, start=138)
    chosen = choose([*rows, long], CONFIG, random.Random(1))
    assert set(rows) <= set(chosen)
    assert long not in chosen


def test_corrections_come_often_when_short_and_always_when_long():
    short, long = row(1, 10, Origin.CORRECTION), row(2, 60, Origin.CORRECTION)
    chosen = choose([short, long, row(3, 10)], CONFIG, random.Random(1))
    assert chosen.count(short) == CONFIG.correction_repeats
    assert chosen.count(long) == 1


def test_every_pair_comes_in_every_epoch_however_short_one_of_them_is():
    pairs = [row(1, 10, Origin.PAIR), *(row(2 + number, 60 + number, Origin.PAIR) for number in range(29))]
    assert Counter(choose(pairs, CONFIG, random.Random(1))) == Counter(pairs)


def test_long_rows_on_one_passage_are_chosen_together_and_count_it_once():
    config = replace(CONFIG, bundle_rows=4, bundle_shared_tokens=20)
    short = [row(1, 10)] * 40  # 3 tokens of their own each: room for 120 tokens in long ones
    on_a_passage = [Row(tokens=(1, 2, 3, *[9] * 90, n, 5, 6), start=94, origin=Origin.LIST) for n in range(4)]
    apart = [row(10 + number, 96) for number in range(4)]
    chosen = choose([*short, *on_a_passage], config, random.Random(1))
    assert set(on_a_passage) <= set(chosen)
    assert len(set(apart) & set(choose([*short, *apart], config, random.Random(1)))) == 1


def test_few_rows_make_smaller_batches_gentler_steps_and_more_epochs():
    config = replace(CONFIG, batch_rows=32, epochs=2, rate=4e-3, least_steps=60)
    assert fitted(config, 10_000) == config
    assert fitted(config, 0) == config
    some = fitted(config, 480)
    assert (some.batch_rows, some.epochs) == (16, 2)
    assert some.rate == pytest.approx(4e-3 / 2**0.5)
    few = fitted(config, 96)
    assert (few.batch_rows, few.epochs) == (8, 5)
    assert few.rate == pytest.approx(2e-3)


class Letters:
    """A tokenizer with a token per letter."""

    chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    bos_token, eos_token, eos_token_id = "", "", 0
    added_tokens_decoder: ClassVar[dict[int, Any]] = {}

    def get_chat_template(self):
        return self.chat_template

    def __call__(self, text, **_options):
        return {"input_ids": [ord(letter) for letter in text]}


def examples_file(path: Path, *examples: tuple[Origin, str]) -> Path:
    lines = (
        {"split": "train", "origin": origin, "messages": [{"role": "user", "content": text}], "completion": "yes"}
        for origin, text in examples
    )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def test_a_continued_training_learns_what_is_new_and_repeats_a_share_of_the_rest(tmp_path):
    before = [(Origin.LIST, f"old {number:02}") for number in range(40)]
    learned = examples_file(tmp_path / "learned", *before, (Origin.CORRECTION, "kept"), (Origin.TEXT, ""))
    examples = examples_file(
        tmp_path / "examples", *before, (Origin.CORRECTION, "kept"), (Origin.TEXT, ""), (Origin.LIST, "fresh")
    )
    config = replace(CONFIG, examples=examples, parent=tmp_path, learned=learned, epochs=4, correction_repeats=2)
    stages = plan(config, Letters())
    shown = Counter("".join(map(chr, row.tokens[: row.start])) for batch in stages[0].batches for row in batch)
    assert [stage.name for stage in stages] == ["examples", "corrections"]
    assert {text: shown[text] for _, text in before} == {text: 1 for _, text in before}
    assert (shown["fresh"], shown["kept"]) == (4, 8)


def test_a_continued_training_compares_only_what_is_new_in_feedback(tmp_path):
    examples = examples_file(tmp_path / "examples", (Origin.LIST, "asked"))
    words: list[dict[str, object]] = [{"rejected": "no"}, {"is_liked": True}, {"is_liked": False}]
    shared = {"split": "train", "origin": "preference", "messages": [{"role": "user", "content": "q"}]}
    lines = [json.dumps({**shared, "completion": "yes", **word}) + "\n" for word in words]
    learned = tmp_path / "learned"
    learned.write_text(examples.read_text() + "".join(lines[:2]))
    examples.write_text(examples.read_text() + "".join(lines))
    afresh = plan(replace(CONFIG, examples=examples), Letters())
    continued = plan(replace(CONFIG, examples=examples, parent=tmp_path, learned=learned), Letters())
    assert [stage.name for stage in afresh] == [stage.name for stage in continued] == ["examples", "preferences"]
    roles = [{row.role for batch in stages[1].batches for row in batch} for stages in (afresh, continued)]
    assert roles == [set(Role), {Role.DISLIKED, Role.EXAMPLE}]
