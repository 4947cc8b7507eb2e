"""What the stages of a run hand over to training and evaluation."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tests.fakes.inference import FakeInference
from tuning.domain.evaluations import Variant
from tuning.domain.releases import ReleaseState
from tuning.inference import Inference
from tuning.store import runs
from tuning.training.files import base_sha256
from tuning.worker import stages
from tuning.worker.progress import Progress
from tuning.worker.stages import Equipment, Stages


@pytest.fixture
def base(tmp_path):
    """A folder with what tells base models apart."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


def measured(tenant, base, monkeypatch):
    """Evaluate the run and return the variants that were measured."""
    asked = {}

    def evaluate(*_parts, models, **_others):
        asked.update(models)
        return SimpleNamespace(parity={})

    monkeypatch.setattr(stages, "evaluate", evaluate)
    equipment = Equipment(
        inference=cast("Inference", FakeInference()),
        engine_url="",
        base_model=base,
        quantisation="q8_0",
        converter=Path("converter"),
        threads=1,
        memory_bytes=1,
    )
    with tenant.store.reading() as session:
        run = runs.get(session, "run")
    Stages(tenant=tenant, equipment=equipment).evaluation(run, cast("Progress", lambda _share: None))
    return asked


@pytest.mark.parametrize("is_on_this_base", [True, False])
def test_a_run_that_began_anew_is_compared_with_the_live_release_on_its_base(
    tenant, base, monkeypatch, is_on_this_base
):
    sha256 = base_sha256(base) if is_on_this_base else "other"
    live = make_release(id="live", run_id="first", state=ReleaseState.LIVE, base_sha256=sha256)
    run = make_run(folder=str(base.parent), metrics={"adapter_sha256": "a"}, parent_release_id=None)
    keep(tenant.store, make_agent(live_release_id="live"), live, run)

    asked = measured(tenant, base, monkeypatch)

    assert asked[Variant.TUNED_RETRIEVAL] == "run"
    assert asked.get(Variant.INCUMBENT_RETRIEVAL) == ("live" if is_on_this_base else None)
