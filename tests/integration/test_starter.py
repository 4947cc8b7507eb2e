import pytest

from tuning.starter.report import EXAMS, Starter, measure


@pytest.fixture(scope="module")
def starter() -> Starter:
    return Starter()


@pytest.mark.parametrize(("exam", "least"), [(EXAMS[0], 0.8), (EXAMS[1], 0.75)], ids=["answers", "refusals"])
def test_the_shipped_weights_answer_from_passages_and_say_when_they_cannot(starter, exam, least) -> None:
    assert measure(starter, exam, seed=77, rows=20)[0].share >= least


def test_the_shipped_weights_copy_a_precedents_form(starter) -> None:
    overlap = measure(starter, EXAMS[3], seed=77, rows=5)[1]
    assert overlap.share >= 0.8
