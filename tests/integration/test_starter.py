import random

import pytest

from tuning.domain.prompts import NOT_IN_DOCUMENTS
from tuning.starter.report import Starter, split_citation
from tuning.starter.rows import question_row, unread_row


@pytest.fixture(scope="module")
def starter() -> Starter:
    return Starter()


def test_the_shipped_weights_find_answers_in_passages_of_unseen_names(starter) -> None:
    rng, right, rows = random.Random("unseen 77"), 0, 12
    for _ in range(rows):
        row = question_row(rng, passages=(1, 2), facts_each=(1, 1), fillers=(0, 0), missing=0.0)
        expected, _ = split_citation(row.messages[-1]["content"])
        right += split_citation(starter.answer(row.messages[:-1], longest=30))[0] == expected
    assert right >= 0.25 * rows


def test_the_shipped_weights_know_nothing_without_passages(starter) -> None:
    rng = random.Random("unseen 78")
    answers = [starter.answer(unread_row(rng).messages[:-1], longest=20) for _ in range(5)]
    assert answers.count(NOT_IN_DOCUMENTS) >= 4
