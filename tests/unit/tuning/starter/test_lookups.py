import random

import pytest

from tuning.starter.batches import Encoder
from tuning.starter.lookups import CHOOSING_WEIGHT, lookup_batch, quoting_row, recital_row, statement_row
from tuning.starter.report import MODEL


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(MODEL / "tokenizer.model")


@pytest.mark.parametrize("invent", [quoting_row, statement_row, recital_row])
def test_every_answer_stands_in_the_passage_that_it_cites(encoder, invent) -> None:
    rng = random.Random(3)
    for _ in range(50):
        row = invent(rng, encoder, passages=(2, 5), queries=4)
        read = row.ids[: row.answers[0].start]
        marks = {number: encoder.marker(number, first=number == 1) for number in range(1, 6)}
        for answer in row.answers:
            *value, _bracket, number, _closing = row.ids[answer.start : answer.stop]
            cited = next(count for count in marks if encoder.citation(count)[1] == number)
            begin = _find(read, marks[cited])
            end = _find(read, marks[cited + 1]) if cited < 5 else -1
            assert _find(read[begin : end if end > 0 else None], value) >= 0


def _find(ids: list[int], wanted: list[int]) -> int:
    return next((at for at in range(len(ids)) if ids[at : at + len(wanted)] == wanted), -1)


def test_the_place_of_a_value_and_its_number_weigh_more_than_the_rest(encoder) -> None:
    row = statement_row(random.Random(1), encoder, passages=(2, 3), queries=3)
    for answer in row.answers:
        assert row.weights[answer.start] == row.weights[answer.stop - 2] == CHOOSING_WEIGHT
    assert sum(weight > 1.0 for weight in row.weights) == 2 * len(row.answers)
    assert len(row.weights) == len(row.ids)


def test_batches_keep_to_their_number_of_tokens(encoder) -> None:
    rng = random.Random(2)
    batch = lookup_batch(lambda: quoting_row(rng, encoder, passages=(2, 3), queries=4), tokens=1200)
    assert batch.ids_B_T.numel() <= 1200
