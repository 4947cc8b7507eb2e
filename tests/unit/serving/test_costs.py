"""What turns cost is learned from them, and decides how much is drafted."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.costs import TurnCosts

SURE = [0.99**place for place in range(1, 17)]
LIKELY = [0.85**place for place in range(1, 17)]


def learned(cost: Callable[[int], float], turns: int = 400, costs: TurnCosts | None = None) -> TurnCosts:
    """Have turns of many sizes taken, and told with some noise."""
    costs, draw = costs or TurnCosts(), random.Random(1)
    for _ in range(turns):
        tokens = draw.choice([1, 1, 2, 3, 5, 9, 13, 17])
        costs.note(tokens, cost(tokens) * draw.uniform(0.9, 1.1))
    return costs


def memory_bound(tokens: int) -> float:
    return 1.0 + 0.05 * tokens


def compute_bound(tokens: int) -> float:
    return 0.02 + tokens


def with_a_step(tokens: int) -> float:
    """One token alone is read by a kernel of its own; a few cost twice as much, and more of them little more."""
    return 4.6 if tokens == 1 else 8.0 + 1.2 * tokens


def test_a_model_that_waits_for_memory_drafts_all_it_can_and_one_that_computes_nothing():
    assert learned(memory_bound).affordable(1, SURE) == 16
    assert learned(compute_bound).affordable(1, LIKELY) == 0


def test_behind_a_step_a_long_draft_pays_and_a_short_one_does_not():
    costs = learned(with_a_step)
    assert costs.affordable(1, SURE) >= 12
    assert costs.affordable(1, LIKELY[:1]) == 0
    assert costs.affordable(1, [0.5, 0.25, 0.12]) == 0


def test_a_full_turn_drafts_nothing():
    costs = learned(memory_bound)
    assert costs.affordable(60, SURE) <= 4
    assert costs.affordable(64, SURE) == costs.affordable(200, SURE) == 0


def test_before_anything_is_known_likely_drafts_are_tried():
    assert TurnCosts().affordable(1, SURE) > 0
    assert TurnCosts().affordable(1, [0.1]) == 0


def test_long_prompts_interruptions_and_a_slower_machine_change_no_decision():
    costs = learned(with_a_step)
    costs.note(256, 900.0)
    costs.note(1, 6000.0)
    for _ in range(10):
        costs.note(1, 2 * with_a_step(1))
    assert costs.affordable(1, SURE) >= 12
    assert costs.affordable(1, LIKELY[:1]) == 0


def test_what_was_long_ago_is_forgotten():
    assert learned(compute_bound, costs=learned(memory_bound)).affordable(1, LIKELY) == 0


@given(
    st.lists(st.tuples(st.integers(1, 300), st.floats(0, 100)), max_size=50),
    st.integers(1, 300),
    st.lists(st.floats(0, 1), max_size=20),
)
def test_no_more_is_drafted_than_there_is(turns, useful, chances):
    costs = TurnCosts()
    for size, seconds in turns:
        costs.note(size, seconds)
    assert 0 <= costs.affordable(useful, sorted(chances, reverse=True)) <= len(chances)


def test_a_price_per_token_decides_whether_a_doubtful_token_is_drafted():
    half = [0.5]
    assert learned(memory_bound).affordable(1, half) == 1
    assert learned(lambda tokens: 1.0 + tokens).affordable(1, half) == pytest.approx(0)
