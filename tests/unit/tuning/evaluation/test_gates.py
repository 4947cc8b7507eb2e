"""Every gate objects to what it is for, in a sentence, and lets little noise pass."""

from dataclasses import replace

import numpy as np
import pytest

from tuning.domain.prompts import Task
from tuning.evaluation.gates import Evidence, advice, objections
from tuning.evaluation.intervals import Interval, difference


def interval(mean: float, spread: float = 0.05, n: int = 80) -> Interval:
    return Interval(mean=mean, low=mean - spread, high=mean + spread, n=n)


GOOD = Evidence(
    task=Task.QUESTIONS,
    gain=interval(0.4),
    gain_with_retrieval=interval(0.05),
    declining=interval(-0.05, 0.2, 24),
    over_incumbent=interval(0.0),
    regression=interval(1.0, 0.0, 3),
    parity=1.0,
)


def test_a_good_candidate_passes():
    assert objections(GOOD) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gain": interval(0.03)}, "not shown to help"),
        ({"gain": interval(0.4, n=12)}, "12 hold-out examples"),
        ({"gain": None}, "0 hold-out examples"),
        ({"gain_with_retrieval": interval(-0.08)}, "With retrieval"),
        ({"declining": interval(-0.25, 0.2, 24)}, "less often by 25 points"),
        ({"over_incumbent": interval(-0.2)}, "worse than the live release"),
        ({"regression": interval(2 / 3, 0.2, 3)}, "67% of 3 accepted corrections"),
        ({"parity": 0.9}, "said 90.0% of the served model's tokens"),
    ],
)
def test_each_fault_is_one_sentence(change, words):
    found = objections(replace(GOOD, **change))
    assert len(found) == 1
    assert words in found[0]
    assert found[0].endswith(".")


def test_at_most_5_percent_of_candidates_that_are_only_noise_pass():
    rng = np.random.default_rng(7)
    passed = 0
    for trial in range(250):
        base, tuned = rng.binomial(1, 0.4, size=(2, 80)).astype(float)
        passed += not objections(replace(GOOD, gain=difference(list(tuned), list(base), trial)))
    assert passed / 250 <= 0.05


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
