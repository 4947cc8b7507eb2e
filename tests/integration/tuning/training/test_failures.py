"""Whatever ends a training, the run says what and what to do, and the live release answers on as it was."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.factories import keep, make_release, make_tenant
from tests.unit.tuning.worker.test_runs import Workplace
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState, Stage
from tuning.store import Store, releases
from tuning.training import loop
from tuning.worker import training

GIB = 2**30


@pytest.fixture
def workplace(tmp_path):
    """A worker's place with a live release, whose files are there."""
    store = Store(f"sqlite:///{tmp_path}/store.db")
    store.migrate()
    adapter = tmp_path / "live.gguf"
    adapter.write_bytes(b"the live adapter")
    keep(store, make_release(state=ReleaseState.LIVE, adapter_path=str(adapter), run_id="earlier"))
    yield Workplace(make_tenant(store, tmp_path))
    store.close()


def failed(workplace, config, *, memory_bytes=8 * GIB):
    """The run after its training, which failed; the live release must be as it was."""
    config.folder.mkdir(exist_ok=True)
    workplace.instead[Stage.TRAINING] = lambda run, progress: training.train(
        config, memory_bytes=memory_bytes, progress=progress
    )
    assert workplace.worker().run_once()
    with workplace.tenant.store.reading() as session:
        live = releases.get(session, "release")
        assert releases.of_run(session, workplace.run_id) is None
    assert live.state is ReleaseState.LIVE
    assert Path(live.adapter_path).read_bytes() == b"the live adapter"
    assert not (config.folder / loop.ADAPTER).exists()
    run = workplace.run
    assert run.state is RunState.FAILED
    assert Stage.EXPORT not in workplace.done
    return run


@pytest.mark.timeout(900)
def test_a_full_disk(workplace, config):
    config.folder.mkdir()
    # Every write to it fails as on a full disk, in the kernel.
    (config.folder / ".checkpoint.pt.unfinished").symlink_to("/dev/full")
    run = failed(workplace, replace(config, checkpoint_s=0.0))
    assert (run.failure, run.error) == ("disk_full", "The disk with the artifacts is full.")
    assert run.remedy.startswith("Free some space")


@pytest.mark.timeout(900)
def test_more_memory_than_is_allowed(workplace, config):
    run = failed(workplace, config, memory_bytes=100 * 2**20)
    assert run.failure == "out_of_memory"
    assert "0.1 GiB is the limit" in run.error
    assert "ATTUNE_TRAINING_MEMORY_GIB" in run.remedy


@pytest.mark.timeout(900)
def test_too_little_memory_to_begin(workplace, config):
    run = failed(workplace, replace(config, memory_bytes=100 * 2**20))
    assert run.failure == "memory_too_small"
    assert "0.1 GiB are free" in run.error
    assert "ATTUNE_TRAINING_MEMORY_GIB" in run.remedy


@pytest.mark.timeout(900)
def test_a_loss_that_is_no_number(workplace, config, tmp_path):
    spoilt = tmp_path / "spoilt"
    shutil.copytree(config.base, spoilt)
    weights = load_file(spoilt / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, spoilt / "model.safetensors", metadata={"format": "pt"})
    run = failed(workplace, replace(config, base=spoilt))
    assert run.failure == "loss_not_finite"
    assert "lower learning rate" in run.remedy


@pytest.mark.timeout(900)
def test_a_base_model_that_is_gone(workplace, config, tmp_path):
    gone = tmp_path / "gone"
    shutil.copytree(config.base, gone)
    shutil.rmtree(gone)
    run = failed(workplace, replace(config, base=gone))
    assert run.failure == "base_missing"
    assert "ATTUNE_BASE_MODEL" in run.remedy
