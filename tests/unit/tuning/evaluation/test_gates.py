"""Every gate objects to what it is for, in a sentence, and lets little noise pass."""

from dataclasses import replace

import numpy as np
import pytest

from tuning.domain.criteria import Criterion, Rule
from tuning.domain.inspection import SecretKind
from tuning.domain.prompts import Task
from tuning.evaluation.criteria import Kept
from tuning.evaluation.gates import MARGIN, Evidence, advice, advice_of, objections
from tuning.evaluation.intervals import Difference, chances, difference, floors
from tuning.languages import retell, speaking


def interval(mean: float, spread: float = 0.05, n: int = 80, chance: float = 0.01) -> Difference:
    return Difference(mean=mean, low=mean - spread, high=mean + spread, n=n, chance=chance, floor=mean - spread)


def keeps(share: float, *, is_critical: bool = True) -> Kept:
    demanded = Criterion(rule=Rule.MOST_WORDS, value="40", is_critical=is_critical)
    return Kept(criterion=demanded, share=share, n=40)


GOOD = Evidence(
    task=Task.QUESTIONS,
    gain=interval(0.4),
    gain_with_retrieval=interval(0.05),
    declining=interval(0.0, 0.05, 40),
    has_live=True,
    over_incumbent=interval(0.0),
    corrections=3,
    regression=interval(1.0, 0.0, 3),
    parity=1.0,
    quantisation=interval(0.0),
)


def test_a_good_candidate_passes():
    assert objections(GOOD) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gain": interval(0.03, chance=0.21)}, "in 21 of 100 cases"),
        ({"gain": interval(0.4, n=12)}, "12 hold-out examples"),
        ({"gain": None}, "0 hold-out examples"),
        ({"gain_with_retrieval": interval(-0.08)}, "With retrieval"),
        ({"declining": interval(-0.05, 0.1, 24)}, "On 24 questions that no document answers it may say so less often"),
        ({"over_incumbent": interval(-0.2)}, "worse than the live release"),
        ({"regression": interval(2 / 3, 0.2, 3)}, "67% of 3 accepted corrections"),
        ({"parity": 0.9}, "said 90.0% of the served model's tokens"),
        ({"quantisation": interval(0.021, n=96, chance=0.3)}, "scores 2 points less"),
        ({"quantisation": interval(0.08, n=8, chance=0.03)}, "scores 8 points less"),
        ({"criteria": [keeps(0.9)]}, "90% of 40 answers keep to the critical criterion 'at most 40 words'"),
        ({"gain_with_retrieval": None}, "With retrieval it was not compared"),
        ({"declining": None}, "where no document answers was not measured: add questions"),
        ({"over_incumbent": None}, "not compared with the live release"),
        ({"regression": None}, "None of 3 accepted corrections was asked"),
        ({"quantisation": None}, "costs was not measured"),
        ({"secrets": 3, "learned": [SecretKind.KEY]}, "knows 1 of 3 secrets"),
    ],
)
def test_each_fault_is_one_sentence(change, words):
    found = objections(replace(GOOD, **change))
    assert len(found) == 1
    assert words in found[0]
    assert found[0].endswith(".")


def test_what_does_not_apply_need_not_be_measured():
    first = replace(GOOD, has_live=False, over_incumbent=None, corrections=0, regression=None)
    assert objections(first) == []
    assert objections(replace(first, task=Task.SUMMARY, gain_with_retrieval=None, declining=None)) == []


TRIALS = 1000
RATES = (0.03, 0.1, 0.4, 0.8)
NOISE = np.sqrt(0.05 * 0.95 / TRIALS) * 3
"""What the share of so many trials may be off by."""


def passes(gains_T_N, **others) -> float:
    """Return the share of candidates that meet no objection, where these are their gains over the base."""
    return float(np.mean([not objections(replace(GOOD, gain=gain, **others)) for gain in _differences(gains_T_N)]))


def _differences(gains_T_N) -> list[Difference]:
    return [
        Difference(mean=gains_N.mean(), low=0, high=0, n=len(gains_N), chance=chance, floor=floor)
        for gains_N, chance, floor in zip(gains_T_N, chances(gains_T_N), floors(gains_T_N), strict=True)
    ]


def test_an_advisory_criterion_objects_to_nothing():
    assert objections(replace(GOOD, criteria=[keeps(0.1, is_critical=False), keeps(0.96)])) == []


def test_an_objection_that_names_a_criterion_is_retold_in_german():
    [sentence] = objections(replace(GOOD, criteria=[keeps(0.9)]))
    with speaking("de"):
        assert "Kriterium „höchstens 40 Wörter“" in retell(sentence)


@pytest.mark.parametrize(("cost", "n"), [(0.01, 200), (0.05, 20), (0.08, 8), (-0.2, 20)])
def test_quantisation_may_cost_a_point_or_one_example(cost, n):
    assert objections(replace(GOOD, quantisation=interval(cost, n=n, chance=0.3))) == []


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("worse_by", [0.0, 0.5])
@pytest.mark.parametrize("n", [20, 40, 99])
def test_at_most_5_percent_of_candidates_that_are_only_noise_pass(n, worse_by, rate):
    rng = np.random.default_rng(7)
    base_T_N = rng.binomial(1, rate, size=(TRIALS, n)).astype(float)
    tuned_T_N = rng.binomial(1, rate * (1 - worse_by), size=(TRIALS, n)).astype(float)
    assert passes(tuned_T_N - base_T_N) <= 0.05 + NOISE


@pytest.mark.parametrize("n", [5, 8, 20])
def test_at_most_5_percent_of_noise_passes_where_drafts_are_scored_by_shares(n):
    rng = np.random.default_rng(7)
    base_T_N, tuned_T_N = rng.beta(0.5, 2, size=(2, TRIALS, n))
    assert passes(tuned_T_N - base_T_N, task=Task.GENERATION) <= 0.05 + NOISE


@pytest.mark.parametrize("lost", [0.1, 0.12, 0.3])
@pytest.mark.parametrize("n", [20, 30, 50, 99])
def test_at_most_5_percent_of_what_is_worse_by_the_margin_pass_for_no_worse(n, lost):
    rng = np.random.default_rng(7)
    won = lost - MARGIN
    drawn_T_N = rng.random((TRIALS, n))
    gains_T_N = np.where(drawn_T_N < won, 1.0, np.where(drawn_T_N < won + lost, -1.0, 0.0))
    found = _differences(gains_T_N)
    for worse in (
        [replace(GOOD, over_incumbent=one) for one in found],
        [replace(GOOD, gain_with_retrieval=one) for one in found],
        [replace(GOOD, declining=one) for one in found],
    ):
        assert np.mean([not objections(one) for one in worse]) <= 0.05 + NOISE


def test_what_answers_all_of_50_questions_as_before_is_no_worse():
    same = [1.0] * 50
    assert objections(replace(GOOD, over_incumbent=difference(same, same), declining=difference(same, same))) == []


@pytest.mark.parametrize(("kept", "of"), [(9, 10), (18, 20), (5, 5), (1, 1)])
def test_corrections_are_counted_each(kept, of):
    assert objections(replace(GOOD, regression=interval(kept / of, n=of))) == []
    assert objections(replace(GOOD, regression=interval((kept - 1) / of, n=of)))


def test_a_real_gain_of_30_points_passes_nearly_always():
    rng = np.random.default_rng(8)
    passed = 0
    for trial in range(100):
        base = rng.binomial(1, 0.3, size=80).astype(float)
        tuned = np.maximum(base, rng.binomial(1, 0.43, size=80))
        passed += not objections(replace(GOOD, gain=difference(list(tuned), list(base), trial)))
    assert passed >= 98


@pytest.mark.parametrize(
    ("means", "word"),
    [
        ((0.1, 0.5, 0.5, 0.9), "both"),
        ((0.1, 0.8, 0.3, 0.8), "Retrieval does most"),
        ((0.1, 0.3, 0.8, 0.8), "Tuning does most"),
        ((0.1, 0.6, 0.6, 0.6), "equally well"),
    ],
)
def test_advice_follows_the_numbers(means, word):
    assert word in advice(*means)


def test_what_search_has_learned_is_none_of_the_tuned_weights_merits():
    means = {"base": 0.0, "base+retrieval": 0.3, "tuned": 0.1, "tuned+retrieval": 0.6}
    scores = {variant: {"exact_match": {"mean": mean}} for variant, mean in means.items()}
    assert "retrieval alone 30%" in advice_of(scores, "exact_match")
    scores["base+learned"] = {"exact_match": {"mean": 0.58}}
    assert advice_of(scores, "exact_match").startswith("Retrieval does most of the work here: 58% without tuning")
    assert advice_of({"base": scores["base"]}, "exact_match") == ""
