"""What another token costs is learned from turns, in proportion to what the turn costs anyway."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.costs import FIRST_SHARE, TurnCosts


def learned(overhead: float, each: float, sizes: list[int]) -> TurnCosts:
    costs = TurnCosts()
    for tokens in sizes:
        costs.note(tokens, overhead + each * tokens)
    return costs


def test_the_price_is_the_tokens_share_of_the_turn():
    sizes = random.Random(1).choices([1, 2, 5, 9], k=300)
    assert learned(0.8, 0.2, sizes).price(1) == pytest.approx(0.2, abs=0.02)
    assert learned(0.8, 0.2, sizes).price(16) == pytest.approx(3.2 / 4.0, abs=0.03)
    assert learned(0.1, 0.0, sizes).price(4) == pytest.approx(0, abs=0.03)


def test_turns_of_one_size_teach_nothing_about_another():
    assert learned(1.0, 1.0, [3] * 50).price(1) == pytest.approx(FIRST_SHARE / (1 + FIRST_SHARE))


def test_long_prompts_and_interruptions_hardly_move_it():
    costs = learned(0.8, 0.2, random.Random(1).choices([1, 2, 5, 9], k=300))
    costs.note(256, 9.0)
    costs.note(1, 600.0)
    assert costs.price(1) == pytest.approx(0.2, abs=0.06)


def test_what_was_long_ago_is_forgotten():
    sizes = random.Random(1).choices([1, 2, 5, 9], k=600)
    costs = learned(0.8, 0.2, sizes)
    for tokens in sizes:
        costs.note(tokens, 0.5 + 0.5 * tokens)
    assert costs.price(1) == pytest.approx(0.5, abs=0.1)


@given(st.lists(st.tuples(st.integers(1, 300), st.floats(0, 100)), max_size=50), st.integers(1, 300))
def test_a_price_is_a_chance(turns, tokens):
    costs = TurnCosts()
    for size, seconds in turns:
        costs.note(size, seconds)
    assert 0.0 <= costs.price(tokens) <= 1.0
