"""Intervals hold what they promise."""

import numpy as np

from tuning.evaluation.intervals import bootstrap, difference


def test_the_same_seed_gives_the_same_interval():
    values = [0.0, 1.0, 1.0, 0.0, 1.0]
    assert bootstrap(values, 4) == bootstrap(values, 4)
    assert bootstrap(values).n == 5


def test_the_true_mean_lies_inside_in_about_95_of_100_cases():
    rng = np.random.default_rng(1)
    inside = 0
    for trial in range(200):
        interval = bootstrap(list(rng.binomial(1, 0.6, size=80)), trial)
        inside += interval.low <= 0.6 <= interval.high
    assert 0.90 <= inside / 200 <= 0.99


def test_a_pairwise_difference_ignores_how_hard_the_examples_are():
    hard, easy = [0.0] * 40, [1.0] * 40
    gain = difference([*hard, *easy], [*hard, *easy])
    assert (gain.mean, gain.low, gain.high) == (0, 0, 0)


def test_losses_that_few_examples_have_not_shown_are_reckoned_with():
    same = [1.0] * 20
    assert difference(same, same).low == 0
    assert difference(same, same).floor < -0.1
    assert difference(same * 3, same * 3).floor > -0.1


def test_chance_is_that_of_the_signs():
    five_won = difference([1.0] * 5, [0.0] * 5)
    assert 0.02 < five_won.chance < 0.045  # 1 of 32
    assert difference([0.0, 1.0], [0.0, 1.0]).chance == 1
