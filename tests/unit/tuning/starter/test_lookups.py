import random

import pytest

from tuning.starter.batches import Encoder
from tuning.starter.lookups import lookup_batch, lookup_row
from tuning.starter.report import MODEL


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(MODEL / "tokenizer.model")


def test_every_value_asked_for_was_stated_before(encoder) -> None:
    rng = random.Random(3)
    for _ in range(50):
        row = lookup_row(rng, encoder, statements=(2, 6), queries=3)
        for answer in row.answers:
            value = row.ids[answer.start : answer.stop]
            start = row.answers[0].start
            assert any(row.ids[at : at + len(value)] == value for at in range(start - len(value)))


def test_the_place_of_a_value_weighs_more_than_the_rest_of_it(encoder) -> None:
    row = lookup_row(random.Random(1), encoder, statements=(3, 3), queries=2)
    assert [row.weights[answer.start] for answer in row.answers] == [3.0, 3.0]
    assert sum(row.weights) == 3.0 * 2 + sum(len(answer) - 1 for answer in row.answers) + 1.0


def test_batches_keep_to_their_number_of_tokens(encoder) -> None:
    assert lookup_batch(random.Random(2), encoder, tokens=900, statements=(2, 4)).ids_B_T.numel() <= 900
