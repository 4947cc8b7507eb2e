"""Which rows an epoch has, and how they are put into batches."""

import random
from pathlib import Path

from tuning.domain.datasets import Origin
from tuning.training.config import TrainingConfig
from tuning.training.rows import Row, batches, choose, shared

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
