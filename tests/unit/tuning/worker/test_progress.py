import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.domain.runs import STAGES, Stage
from tuning.worker.progress import FIRST_GUESS_S, estimate

moments = st.tuples(st.sampled_from(STAGES), st.floats(0, 1))


@given(first=moments, second=moments, elapsed=st.floats(0, 1e4))
def test_the_bar_never_goes_back_as_a_run_goes_on(first, second, elapsed):
    earlier, later = sorted([first, second], key=lambda moment: (STAGES.index(moment[0]), moment[1]))
    done, left_s = estimate(earlier[0], earlier[1], elapsed, FIRST_GUESS_S)
    assert 0 <= done <= estimate(later[0], later[1], elapsed, FIRST_GUESS_S)[0] <= 1 + 1e-9
    assert left_s >= 0


def test_the_time_left_follows_the_stage_s_own_pace_once_that_shows():
    expected = dict.fromkeys(STAGES, 10.0)
    assert estimate(Stage.TRAINING, 0.05, 1.0, expected)[1] == pytest.approx(10 * 0.95 + 20)
    assert estimate(Stage.TRAINING, 0.5, 60.0, expected)[1] == pytest.approx(60 + 20)
    assert estimate(Stage.EVALUATION, 1.0, 60.0, expected) == pytest.approx((1.0, 0.0))
