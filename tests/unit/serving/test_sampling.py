"""Choosing tokens: limits, penalties and seeds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from serving.request import Sampling
from serving.sampling import Sampler, likeliest, log_probabilities

LOGITS = np.log(np.array([0.5, 0.25, 0.15, 0.1], np.float32))


def drawn(sampling: Sampling, logits=LOGITS, count: int = 2000) -> np.ndarray:
    sampler = Sampler(sampling)
    return np.bincount([sampler.choose(logits, [], []) for _ in range(count)], minlength=len(logits)) / count


def test_without_limits_tokens_come_as_often_as_they_are_likely():
    np.testing.assert_allclose(drawn(Sampling(seed=1)), [0.5, 0.25, 0.15, 0.1], atol=0.03)


def test_temperature_sharpens():
    expected = np.array([0.5, 0.25, 0.15, 0.1]) ** 2
    np.testing.assert_allclose(drawn(Sampling(temperature=0.5, seed=1)), expected / expected.sum(), atol=0.03)


def test_top_k_keeps_the_likeliest():
    np.testing.assert_allclose(drawn(Sampling(top_k=2, seed=1)), [2 / 3, 1 / 3, 0, 0], atol=0.03)


def test_top_p_keeps_the_smallest_set_that_reaches_it():
    np.testing.assert_allclose(drawn(Sampling(top_p=0.7, seed=1)), [2 / 3, 1 / 3, 0, 0], atol=0.03)
    np.testing.assert_allclose(drawn(Sampling(top_p=0.4, seed=1)), [1, 0, 0, 0], atol=0)


def test_min_p_is_in_proportion_to_the_likeliest():
    np.testing.assert_allclose(drawn(Sampling(min_p=0.4, seed=1)), [2 / 3, 1 / 3, 0, 0], atol=0.03)


def test_temperature_zero_is_greedy():
    assert Sampler(Sampling(temperature=0)).is_greedy
    np.testing.assert_array_equal(drawn(Sampling(temperature=0), count=20), [1, 0, 0, 0])


def test_the_same_seed_draws_the_same_tokens():
    first, second = Sampler(Sampling(seed=9)), Sampler(Sampling(seed=9))
    logits = np.zeros(1000, np.float32)
    assert [first.choose(logits, [], []) for _ in range(20)] == [second.choose(logits, [], []) for _ in range(20)]


def test_penalties_push_used_tokens_down_and_leave_the_logits_alone():
    logits = np.array([2.0, 1.9, -1.0], np.float32)
    before = logits.copy()
    assert Sampler(Sampling(temperature=0, repeat_penalty=1.2)).choose(logits, [0], []) == 1
    assert Sampler(Sampling(temperature=0, presence_penalty=0.2)).choose(logits, [0], []) == 0
    assert Sampler(Sampling(temperature=0, presence_penalty=0.2)).choose(logits, [], [0]) == 1
    assert Sampler(Sampling(temperature=0, frequency_penalty=0.06)).choose(logits, [], [0]) == 0
    assert Sampler(Sampling(temperature=0, frequency_penalty=0.06)).choose(logits, [], [0, 0]) == 1
    np.testing.assert_array_equal(logits, before)


@given(
    arrays.arrays(np.float32, 50, elements=st.floats(-20, 20, width=32)),
    st.floats(0.05, 1.0),
    st.integers(0, 60),
    st.floats(0, 1),
)
def test_whatever_the_limits_some_token_is_chosen_and_the_likeliest_is_allowed(logits, top_p, top_k, min_p):
    sampling = Sampling(top_p=top_p, top_k=top_k, min_p=min_p, seed=0)
    weights = np.exp(logits.astype(np.float64) - logits.max())
    candidates = Sampler(sampling)._candidates(weights)
    assert weights[candidates].max() == 1.0
    assert Sampler(sampling).choose(logits, [], []) in candidates
    if top_k:
        assert len(candidates) <= top_k


def test_log_probabilities_sum_to_one_and_rank():
    logprobs = log_probabilities(LOGITS * 3)
    assert np.exp(logprobs).sum() == np.float64(1.0) or abs(np.exp(logprobs).sum() - 1) < 1e-12
    assert likeliest(logprobs, 2) == [0, 1]
    assert likeliest(logprobs, 0) == []
