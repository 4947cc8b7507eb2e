"""What the canary's test promises."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.canary import MAX_SEEN, rolled_back_after, simulate
from tuning.releases.canary import MAX_FALSE_ROLLBACKS, is_chosen, tally


@pytest.mark.parametrize("live", [0.5, 0.9])
def test_of_canaries_that_are_as_good_few_are_rolled_back_however_often_one_looks(live):
    assert simulate(400, live=live, canary=live, seed=3).rolled_back <= MAX_FALSE_ROLLBACKS


def test_one_that_is_better_stays():
    assert simulate(200, live=0.7, canary=0.9, seed=3).rolled_back == 0


def test_one_that_is_20_points_worse_is_found_before_much_of_the_traffic_has_seen_it():
    found = simulate(200, live=0.8, canary=0.6, seed=3)
    assert found.rolled_back > 0.8
    assert found.seen < MAX_SEEN


def heavy_raters(rng):
    """Ratings of people who like everything or nothing, of whom a few rate most: who, with the canary, and good."""
    people, ratings = 300, 900
    weight_H = 1 / np.arange(1, people + 1) ** 1.2
    who_N = rng.choice(people, ratings, p=weight_H / weight_H.sum())
    has_canary_H, taste_H = rng.random(people) < 0.2, rng.beta(0.3, 0.3, people)
    return who_N, has_canary_H[who_N], rng.random(ratings) < taste_H[who_N]


def test_with_people_who_rate_much_the_promise_holds_because_each_counts_once():
    rng = np.random.default_rng(3)
    once, every = [], []
    for _ in range(200):
        who_N, canary_N, good_N = heavy_raters(rng)
        first_N = np.sort(np.unique(who_N, return_index=True)[1])
        once.append(rolled_back_after(canary_N[first_N], good_N[first_N]) is not None)
        every.append(rolled_back_after(canary_N, good_N) is not None)
    assert np.mean(once) <= MAX_FALSE_ROLLBACKS
    assert np.mean(every) > 2 * MAX_FALSE_ROLLBACKS


def test_a_tally_counts_both_sides_and_is_undecided_at_first():
    counted = tally([False, True, False, False], [True, False, True, False])
    assert (counted.good, counted.rated, counted.live_good, counted.live_rated) == (0, 1, 2, 3)
    assert counted.evidence == pytest.approx(1.5)
    assert not counted.is_worse
    assert tally([], []).evidence == tally([True, True], [False, False]).evidence == 1


def test_a_canary_that_nobody_likes_is_worse_after_some_ratings_of_it_not_after_one():
    told = [tally([False, True] * pairs, [True, False] * pairs).is_worse for pairs in (1, 8)]
    assert told == [False, True]


def test_the_same_person_always_gets_the_same_and_keeps_it_when_the_share_grows():
    people = [f"person {number}" for number in range(2_000)]
    shares = [{who for who in people if is_chosen(who, "release", share)} for share in (0, 5, 10, 50, 100)]
    assert all(small <= large for small, large in pairwise(shares))
    assert [len(chosen) / len(people) for chosen in shares] == pytest.approx([0, 0.05, 0.1, 0.5, 1], abs=0.02)


def test_each_release_draws_its_people_anew():
    people = [f"person {number}" for number in range(2_000)]
    both = [who for who in people if is_chosen(who, "one", 10) and is_chosen(who, "other", 10)]
    assert 5 <= len(both) <= 40
