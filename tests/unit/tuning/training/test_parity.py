"""Ties count as agreement, and what is far off does not."""

from tuning.training.parity import NEAR_TIE, agreement


def test_a_tie_is_faithful_and_a_token_far_off_is_not():
    assert agreement([0.0, 0.0, NEAR_TIE / 2, 5.0]) == {"tokens": 0.5, "faithful": 0.75, "largest_gap": 5.0}
    assert agreement([]) == {"tokens": 1.0, "faithful": 1.0, "largest_gap": 0.0}
