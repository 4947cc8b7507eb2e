import random

from tuning.starter.memory import POOL, invent_pool, memory_row, pool_at


def test_a_pool_holds_facts_about_different_things() -> None:
    pool = invent_pool(random.Random(1))
    assert len({family.about for family in pool}) == POOL == len(pool)


def test_a_fact_is_asked_for_in_many_wordings_and_always_answered_alike() -> None:
    rng = random.Random(2)
    (only,) = invent_pool(rng, 1)
    rows = [memory_row(rng, [only]) for _ in range(40)]
    assert len({row.messages[-1]["content"].lower() for row in rows}) == 1
    assert len({row.messages[0]["content"] for row in rows}) > 5
    assert all(row.targets == {1} and len(row.messages) == 2 for row in rows)


def test_every_process_has_the_same_pool_and_the_next_one_is_another() -> None:
    assert pool_at(1, 3) == invent_pool(random.Random("1 pool 3"))
    assert pool_at(1, 3) != pool_at(1, 4)
