"""The decision about a part that ended."""

from bot.supervisor import LONGEST_PAUSE_S, SHORTEST_PAUSE_S, STEADY_S, restart


def test_a_part_that_lived_long_is_started_again_at_once():
    assert restart(7, STEADY_S) == (0, SHORTEST_PAUSE_S)


def test_the_pause_doubles_while_a_part_keeps_dying_young_up_to_a_limit():
    young_deaths, pauses_s = 0, []
    for _ in range(10):
        young_deaths, pause_s = restart(young_deaths, 0.1)
        pauses_s.append(pause_s)
    assert pauses_s[:3] == [SHORTEST_PAUSE_S, 2 * SHORTEST_PAUSE_S, 4 * SHORTEST_PAUSE_S]
    assert pauses_s[-1] == LONGEST_PAUSE_S
    assert pauses_s == sorted(pauses_s)
    assert restart(10_000, 0.1) == (10_001, LONGEST_PAUSE_S)
