"""The parts of a step are shared out so that all processes are done at about the same time."""

import pytest
import torch

from tests.unit.tuning.training.test_batches import on_passage, row
from tuning.training.batches import cost
from tuning.training.crew import Crew

BATCH = tuple(on_passage(passage, question, length=300) for passage in range(6) for question in range(3))


def crews(size: int, most_tokens: int = 10**6) -> list[Crew]:
    return [Crew(device=torch.device("cpu"), rank=rank, size=size, most_tokens=most_tokens) for rank in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_every_part_is_computed_once(size):
    together = crews(size)
    parts = together[0].parts((*BATCH, row(1, 30)))
    shares = [crew.own(parts) for crew in together]
    assert sorted(map(repr, (part for share in shares for part in share))) == sorted(map(repr, parts))
    loads = [sum(cost(part) for part in share) for share in shares]
    assert max(loads) - min(loads) <= max(cost(part) for part in parts)
    assert [crew.leads for crew in together] == [True] + [False] * (size - 1)


def test_no_part_is_larger_than_the_limit_but_a_row_by_itself():
    [limited] = crews(1, most_tokens=310)
    parts = limited.parts(BATCH)
    assert sorted(map(repr, (it for part in parts for it in part))) == sorted(map(repr, BATCH))
    assert all(cost(part) <= 310 for part in parts)
    [least] = crews(1, most_tokens=0)
    assert all(len(part) == 1 for part in least.parts(BATCH))


@pytest.mark.parametrize("size", [2, 4])
def test_a_batch_that_is_cheapest_in_one_part_is_shared_out_unless_its_beginning_is_nearly_all(size):
    [alone] = crews(1)
    together = crews(size)
    apart = tuple(row(number, 60) for number in range(16))
    assert len(alone.parts(apart)) == 1
    shares = [sum(map(cost, crew.own(together[0].parts(apart)))) for crew in together]
    assert max(shares) < 1.5 * cost(apart) / size
    alike = tuple(on_passage(1, question, length=300) for question in range(16))
    assert together[0].parts(alike) == [alike]
