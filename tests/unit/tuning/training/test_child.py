"""What an error means to a person."""

import errno

import pytest

from tuning.inference import EngineAway
from tuning.training.child import explain
from tuning.training.errors import LossNotFinite


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (LossNotFinite(loss=float("nan"), step=3, stage="examples"), "loss_not_finite"),
        (EngineAway(), "engine_away"),
        (KeyError("{odd}"), "training_broken"),
    ],
)
def test_every_error_has_a_code_a_sentence_and_a_remedy(error, code):
    failure = explain(error)
    assert failure.failure == code
    assert failure.what.endswith(".")
    assert failure.remedy.endswith(".")
    assert "Traceback" not in failure.what
