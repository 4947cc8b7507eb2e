"""How many requests are under way at once, after good answers and after refusals."""

import asyncio
import time

import pytest

from tuning.sources.graph.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, set by the test."""
    at = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    return at


def test_a_refusal_halves_the_places_once_a_burst_and_never_to_none(clock):
    found = Pace(8)
    for _ in range(5):
        found.note(is_busy=True)
    assert found.places == 4
    for second in range(2, 20, 2):
        clock[0] = float(second)
        found.note(is_busy=True)
    assert found.places == 1


def test_good_answers_bring_the_places_back_one_by_one_to_the_most(clock):
    found = Pace(4)
    found.note(is_busy=True)
    seen = []
    for _ in range(12):
        found.note(is_busy=False)
        seen.append(found.places)
    assert seen == [2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]


async def test_no_more_are_under_way_than_there_are_places():
    found, under_way, most = Pace(3), 0, 0

    async def work() -> None:
        nonlocal under_way, most
        async with found:
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(work() for _ in range(20)))

    assert (most, under_way) == (3, 0)
