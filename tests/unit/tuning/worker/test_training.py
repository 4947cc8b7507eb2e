import json

import pytest

from tuning.domain.errors import RunFailed
from tuning.training.child import FAILURE, STOPPED
from tuning.worker import child, training


@pytest.fixture
def ends(monkeypatch):
    """Let children end with the given codes, one after another, and return how many were started."""
    started = []

    def arrange(*codes, writes=None):
        def run(command, *, log, memory_bytes, watch):
            started.append(command)
            if writes:
                (log.parent / FAILURE).write_text(json.dumps(writes))
            return codes[len(started) - 1]

        monkeypatch.setattr(child, "run", run)
        return started

    return arrange


def run_module(folder):
    training.run_module("tuning.training", ["config.json"], folder=folder, memory_bytes=1, watch=lambda: None)


@pytest.mark.parametrize("codes", [(0,), (-9, 0), (STOPPED, -9, 0)])
def test_a_child_that_was_killed_goes_on_from_its_checkpoint(ends, tmp_path, codes):
    started = ends(*codes)
    run_module(tmp_path)
    assert len(started) == len(codes)
    assert started[0][1:] == ["-m", "tuning.training", "config.json"]


def test_a_child_that_is_killed_again_and_again_fails_the_run(ends, tmp_path):
    started = ends(-9, -9, -9, 0)
    with pytest.raises(RunFailed, match="memory") as raised:
        run_module(tmp_path)
    assert (raised.value.failure, len(started)) == ("killed", 3)


def test_the_child_s_own_words_reach_the_person(ends, tmp_path):
    started = ends(1, writes={"code": "disk_full", "error": "The disk is full.", "remedy": "Free some space."})
    with pytest.raises(RunFailed) as raised:
        run_module(tmp_path)
    assert (raised.value.failure, raised.value.what, raised.value.remedy, len(started)) == (
        "disk_full",
        "The disk is full.",
        "Free some space.",
        1,
    )


def test_words_of_an_earlier_child_are_not_taken_for_this_one_s(ends, tmp_path):
    (tmp_path / FAILURE).write_text(json.dumps({"code": "disk_full", "error": "Old.", "remedy": "Old."}))
    ends(7)
    with pytest.raises(RunFailed, match="code 7") as raised:
        run_module(tmp_path)
    assert raised.value.failure == "training_broken"
