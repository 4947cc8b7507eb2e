from tuning.datasets.matters import MAX_TOGETHER, matters
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
