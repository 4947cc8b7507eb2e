"""Each scorer on answers whose score is plain."""

import pytest

from tuning.domain.prompts import NOT_IN_DOCUMENTS, Passage
from tuning.evaluation import scorers

PASSAGES = [
    Passage(title="Travel", heading="", text="Trips are booked by Ada."),
    Passage(title="Travel", heading="Hotels", text="A hotel may cost 120 euro a night."),
]


@pytest.mark.parametrize(
    ("answer", "reference", "score"),
    [
        ("120 euro [2]", "120 Euro", 1.0),
        ("The red box.", "red box", 1.0),
        ("120", "120 euro", 0.0),
        ("", "120 euro", 0.0),
    ],
)
def test_exact_match_forgives_case_articles_punctuation_and_citations(answer, reference, score):
    assert scorers.exact_match(answer, reference) == score


def test_token_f1_balances_what_is_missing_and_what_is_too_much():
    assert scorers.token_f1("120 euro per night", "120 euro") == pytest.approx(2 * 2 / 6)
    assert scorers.token_f1("nothing", "120 euro") == 0
    assert scorers.token_f1("", "") == 1


def test_rouge_l_takes_the_longest_common_subsequence():
    assert scorers.rouge_l("the cat sat", "the cat sat [1]") == 1
    assert scorers.rouge_l("sat cat the", "the cat sat") == pytest.approx(1 / 3)


def test_a_refusal_is_recognised_with_more_behind_it():
    assert scorers.is_refusal(NOT_IN_DOCUMENTS)
    assert scorers.is_refusal(NOT_IN_DOCUMENTS.lower() + " Ask Ada.")
    assert not scorers.is_refusal("The documents say: 120 euro.")


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("120 euro [2]", 1.0),
        ("120 euro [1]", 0.0),
        ("120 euro", 0.0),
        ("120 euro [2][9]", 0.0),
        ("120 euro [1][2]", 1.0),
    ],
)
def test_a_citation_counts_if_it_exists_and_holds_the_answer(answer, score):
    assert scorers.citation(answer, "120 euro", PASSAGES) == score
