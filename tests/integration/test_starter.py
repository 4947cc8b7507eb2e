import random

import pytest

from tuning.domain.prompts import NOT_IN_DOCUMENTS
from tuning.starter.report import Starter, split_citation
from tuning.starter.rows import question_row, unread_row


@pytest.fixture(scope="module")
def starter() -> Starter:
    return Starter()


def test_the_shipped_weights_find_answers_in_passages_of_unseen_names_and_cite_them(starter) -> None:
    rng, right, cited, rows = random.Random("unseen 77"), 0, 0, 12
    for _ in range(rows):
        row = question_row(rng, passages=(2, 3), facts_each=(1, 2), fillers=(0, 1), missing=0.0, everyday=0.0)
        answer, number = split_citation(starter.answer(row.messages[:-1], longest=30))
        wanted, source = split_citation(row.messages[-1]["content"])
        right += answer == wanted
        cited += number == source
    assert right >= 0.75 * rows
    assert cited >= 0.9 * rows


def test_the_shipped_weights_decline_what_the_passages_do_not_say(starter) -> None:
    rng, rows = random.Random("unseen 79"), 10
    asked = [
        question_row(rng, passages=(2, 3), facts_each=(1, 2), fillers=(0, 1), missing=1.0, everyday=0.0)
        for _ in range(rows)
    ]
    answers = [starter.answer(row.messages[:-1], longest=20) for row in asked]
    assert answers.count(NOT_IN_DOCUMENTS) >= 0.8 * rows


def test_the_shipped_weights_know_nothing_without_passages(starter) -> None:
    rng = random.Random("unseen 78")
    answers = [starter.answer(unread_row(rng).messages[:-1], longest=20) for _ in range(5)]
    assert answers.count(NOT_IN_DOCUMENTS) >= 4
