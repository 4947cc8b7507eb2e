"""Which rows an epoch has, and how they are put into batches."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tuning.domain.datasets import Origin
from tuning.training.config import TrainingConfig
from tuning.training.rows import Row, batches, choose, plan, shared

CONFIG = TrainingConfig(
    base=Path("base"), examples=Path("examples"), folder=Path("run"), batch_rows=4, batch_tokens=100, long_row_tokens=50
)


def row(number: int, length: int, origin: Origin = Origin.LIST) -> Row:
    return Row(tokens=(1, 2, 3, *[number + 10] * (length - 3)), start=length - 2, origin=origin)


def test_every_row_is_in_exactly_one_batch_and_batches_keep_their_limits():
    rows = [row(number, 5 + number % 40) for number in range(90)]
    made = batches(rows, CONFIG, random.Random(1))
    assert sorted(r.tokens for batch in made for r in batch) == sorted(r.tokens for r in rows)
    for batch in made:
        assert len(batch) <= 4
        longest = max(len(r.tokens) for r in batch) - shared(batch)
        assert len(batch) == 1 or longest * len(batch) <= 100


def test_long_rows_take_at_most_their_share_where_there_are_short_ones():
    short, long = [row(1, 10)] * 30, [row(2, 60)] * 30
    chosen = choose([*short, *long], CONFIG, random.Random(1))
    assert chosen.count(short[0]) == 30
    assert chosen.count(long[0]) == 1
    assert choose(long, CONFIG, random.Random(1)) == long


def test_corrections_come_often_when_short_and_always_when_long():
    short, long = row(1, 10, Origin.CORRECTION), row(2, 60, Origin.CORRECTION)
    chosen = choose([short, long, row(3, 10)], CONFIG, random.Random(1))
    assert chosen.count(short) == CONFIG.correction_repeats
    assert chosen.count(long) == 1


def test_what_is_shared_ends_before_any_completion():
    same = Row(tokens=(1, 2, 3, 4), start=2, origin=Origin.LIST)
    assert shared([same, same]) == 1
    assert shared([row(1, 9), row(2, 9)]) == 3


class Letters:
    """A tokenizer with a token per letter."""

    chat_template = "all contents in a row"
    eos_token_id = 0

    def apply_chat_template(self, messages, **_options):
        return "".join(message["content"] for message in messages)

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
    assert [stage.name for stage in stages] == ["examples"]
    assert {text: shown[text] for _, text in before} == {text: 1 for _, text in before}
    assert (shown["fresh"], shown["kept"]) == (4, 8)
