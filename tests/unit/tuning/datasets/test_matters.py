import pytest

from tuning.datasets.matters import MAX_TOGETHER, agree, matters, sides
from tuning.domain.feedback import Feedback


def groups(*questions):
    waiting = [
        Feedback(id=str(number), agent_id="agent", answer_id=str(number), person_id="bo", question=question)
        for number, question in enumerate(questions)
    ]
    return [[int(one.id) for one in group] for group in matters(waiting)]


def test_nearly_the_same_questions_stand_together_in_the_order_of_the_first():
    assert groups(
        "How long is parental leave for fathers?",
        "Who books my hotel?",
        "how long is the parental leave for fathers",
        "How long is parental leave for new fathers?",
        "May I fly?",
    ) == [[0, 2, 3], [1], [4]]


def test_no_more_stand_together_than_a_card_shows():
    assert groups(*["May I fly?"] * (MAX_TOGETHER + 2)) == [list(range(MAX_TOGETHER)), [MAX_TOGETHER, MAX_TOGETHER + 1]]


def test_questions_without_words_have_nothing_in_common():
    assert groups("???", "", "???") == [[0], [1], [2]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Only over 600 km.", "only over 600 km"),
        ("You may fly only over 600 km [1].", "You may fly, but only over 600 km."),
    ],
)
def test_the_same_in_nearly_the_same_words_is_no_conflict(one, other):
    assert agree(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You may fly only over 600 km.", "You may fly only over 800 km."),
        ("You may fly to Rome by day.", "You may not fly to Rome by day."),
        ("Ask the front desk.", "Book it yourself in the portal."),
    ],
)
def test_other_numbers_a_denial_or_other_words_are_a_conflict(one, other):
    assert not agree(one, other)


def test_those_who_agree_are_one_side():
    assert sides(["Yes, by day.", "No.", "yes by day", "no"]) == [[0, 2], [1, 3]]
    assert sides([]) == []
