"""Which rows a step on feedback has."""

import random
from dataclasses import replace
from typing import Any

from tests.unit.tuning.training.test_rows import CONFIG, row
from tuning.domain.datasets import Origin
from tuning.training.batches import Role, Row
from tuning.training.judged import cases, judged_batches


def render(messages, completion) -> Row:
    return Row(tokens=(*map(ord, messages), *map(ord, completion)), start=len(messages), origin=Origin.PREFERENCE)


def said(one: Row) -> str:
    return "".join(map(chr, one.tokens))


JUDGED: list[dict[str, Any]] = [
    {"messages": "Q1:", "completion": "yes", "rejected": "no"},
    {"messages": "Q2:", "completion": "red", "is_liked": True},
    {"messages": "Q3:", "completion": "blue", "is_liked": False},
]


def test_a_thumb_comes_with_the_answer_to_another_question():
    pair, liked, disliked = cases(JUDGED, render)
    assert [(one.role, said(one)) for one in pair] == [(Role.CHOSEN, "Q1:yes"), (Role.REJECTED, "Q1:no")]
    assert [(one.role, said(one)) for one in liked] == [(Role.LIKED, "Q2:red"), (Role.MISMATCHED, "Q2:blue")]
    assert [(one.role, said(one)) for one in disliked] == [(Role.DISLIKED, "Q3:blue"), (Role.MISMATCHED, "Q3:red")]
    assert [len(case) for case in cases(JUDGED[:2], render)] == [2, 1]


def test_an_epoch_has_every_case_once_and_examples_beside_them():
    config = replace(CONFIG, preference_epochs=3, preference_cases=2, preference_examples=4)
    examples = [row(number, 10) for number in range(9)]
    steps = judged_batches(cases(JUDGED, render), examples, config, random.Random(1))
    assert len(steps) == 3 * 2
    assert [sum(one.role is Role.EXAMPLE for one in step) for step in steps] == [4] * 6
    judged = [one for step in steps[:2] for one in step if one.role is not Role.EXAMPLE]
    assert sorted(map(said, judged)) == ["Q1:no", "Q1:yes", "Q2:blue", "Q2:red", "Q3:blue", "Q3:red"]


def test_a_case_of_which_a_row_is_too_long_is_left_out():
    long = {**JUDGED[0], "rejected": "x" * CONFIG.row_tokens}
    assert judged_batches(cases([long], render), [row(1, 10)], CONFIG, random.Random(1)) == []
