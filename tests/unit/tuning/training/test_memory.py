"""In which order memory is saved, and what is said of it."""

import sys

import pytest

from tests.unit.tuning.training.test_batches import on_passage, row
from tuning.training.memory import Fit, _ways


def test_parts_are_halved_down_to_a_row_before_anything_is_computed_again():
    batch = tuple(row(number, 60) for number in range(20))
    whole, *limits, last = [limit for limit, is_checkpointed in _ways([batch, (on_passage(1, 1),)])]
    assert whole == sys.maxsize
    assert limits[-1] == last == 0
    assert limits[:-1] == sorted(limits[:-1], reverse=True)
    assert all(limit > 60 for limit in limits[:-1])
    assert len(limits) > 3
    assert [is_checkpointed for _, is_checkpointed in _ways([batch])] == [False] * (len(limits) + 1) + [True]


@pytest.mark.parametrize(
    ("most_tokens", "is_checkpointed", "words"),
    [
        (sys.maxsize, False, ""),
        (512, False, "At most 512 tokens are computed at once, since 2.0 GiB of memory are free."),
        (0, False, "Rows are computed one by one, since 2.0 GiB of memory are free."),
        (0, True, "Rows are computed one by one, and their activations again instead of kept, since 2.0 GiB"),
    ],
)
def test_what_was_given_up_is_said_with_the_reason(most_tokens, is_checkpointed, words):
    found = Fit(needed_bytes=1, free_bytes=2**31, most_tokens=most_tokens, is_checkpointed=is_checkpointed)
    assert found.reason.startswith(words)
    assert bool(found.reason) == bool(words)
