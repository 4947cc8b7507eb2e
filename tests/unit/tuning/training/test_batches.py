"""How rows are put into batches, and batches into parts that read a common beginning once."""

import random
from itertools import combinations
from pathlib import Path

from tuning.domain.datasets import Origin
from tuning.training.batches import PASS_TOKENS, Row, batches, bundles, cost, groups, prefix_of, shared
from tuning.training.config import TrainingConfig

CONFIG = TrainingConfig(
    base=Path("base"),
    examples=Path("examples"),
    folder=Path("run"),
    batch_rows=4,
    batch_tokens=100,
    bundle_rows=3,
    bundle_shared_tokens=20,
)


def row(number: int, length: int) -> Row:
    return Row(tokens=(1, 2, 3, *[number + 10] * (length - 3)), start=length - 2, origin=Origin.LIST)


def on_passage(passage: int, question: int, *, length: int = 60) -> Row:
    tokens = (1, 2, 3, *[100 + passage] * (length - 7), question, 7, 8, 9)
    return Row(tokens=tokens, start=length - 2, origin=Origin.LIST)


def test_every_row_is_in_exactly_one_batch_and_batches_keep_their_limits():
    rows = [row(number, 5 + number % 40) for number in range(90)]
    made = batches(rows, CONFIG, random.Random(1))
    assert sorted(r.tokens for batch in made for r in batch) == sorted(r.tokens for r in rows)
    for batch in made:
        assert len(batch) <= 4
        assert len(batch) == 1 or sum(len(r.tokens) - 3 for r in batch) <= 100


def test_questions_on_one_passage_come_together_but_never_too_many():
    rows = [on_passage(number % 5, number) for number in range(35)]
    found = bundles(rows, 3, CONFIG, random.Random(1))
    assert sorted(map(len, found)) == [1] * 5 + [3] * 10
    assert all(len({r.tokens[10] for r in bundle}) == 1 for bundle in found)
    # Those on one passage cost little more than one of them: a batch has room for them and others.
    made = batches(rows, CONFIG, random.Random(1))
    assert all(any(set(bundle) <= set(batch) for batch in made) for bundle in found)


def test_a_batch_is_cut_where_that_saves_most():
    batch = tuple(on_passage(passage, question, length=300) for passage in (1, 2) for question in range(4))
    parts = groups((*batch, row(1, 30), row(2, 30)))
    assert sorted(r.tokens for part in parts for r in part) == sorted(
        r.tokens for r in (*batch, row(1, 30), row(2, 30))
    )
    assert sorted(map(len, parts)) == [2, 4, 4]
    assert sum(map(cost, parts)) < 0.3 * sum(len(r.tokens) for r in batch) + 60


def test_no_other_cut_is_cheaper():
    chance = random.Random(3)
    rows = [on_passage(chance.randrange(3), n, length=chance.choice((40, 150, 300))) for n in range(7)]
    ordered = sorted(rows, key=lambda r: r.tokens)

    def price(parts: list[list[Row]]) -> int:
        return sum(PASS_TOKENS + cost(part) for part in parts)

    cuts = [at for count in range(len(rows)) for at in combinations(range(1, len(rows)), count)]
    prices = [price([ordered[a:b] for a, b in zip((0, *at), (*at, len(rows)), strict=True)]) for at in cuts]
    assert price([list(part) for part in groups(tuple(rows))]) == min(prices)


def test_what_is_shared_ends_before_any_completion():
    same = Row(tokens=(1, 2, 3, 4), start=2, origin=Origin.LIST)
    assert shared([same, same]) == 1
    assert shared([row(1, 9), row(2, 9)]) == 3
    assert prefix_of([row(1, 9), row(2, 9)]) == 0  # too short to be worth a pass
    assert prefix_of([on_passage(1, 1), on_passage(1, 2)]) == 56
    assert prefix_of([on_passage(1, 1)]) == 0
