"""What the stages of a run hand over to training and evaluation."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tests.fakes.inference import FakeInference
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.evaluations import Variant
from tuning.domain.prompts import Passage, question_messages
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.inference import BASE, Inference
from tuning.store import runs
from tuning.training.files import base_sha256
from tuning.worker import stages
from tuning.worker.preparation import ENGINE_MODEL
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
    acts, run = equipped(tenant, base, FakeInference())
    acts.evaluation(run, cast("Progress", lambda _share: None))
    return asked


def test_each_variant_searches_with_what_its_own_dataset_has_taught(tenant, base, monkeypatch):
    found = {}

    def evaluate(*_parts, retrieve, **_others):
        found.update(retrieve)
        return SimpleNamespace(parity={})

    monkeypatch.setattr(stages, "evaluate", evaluate)
    monkeypatch.setattr(stages, "retrieval", lambda _tenant, _agent, dataset_id: dataset_id)
    live = make_release(id="live", run_id="first", state=ReleaseState.LIVE, base_sha256=base_sha256(base))
    run = make_run(folder=str(base.parent), metrics={"adapter_sha256": "a"}, dataset_id="new")
    first = make_run(id="first", dataset_id="old", state=RunState.READY)
    keep(tenant.store, make_agent(live_release_id="live"), live, first, run)
    acts, run = equipped(tenant, base, FakeInference())
    acts.evaluation(run, cast("Progress", lambda _share: None))
    assert found == {
        Variant.BASE_RETRIEVAL: None,
        Variant.BASE_LEARNED: "new",
        Variant.TUNED_RETRIEVAL: "new",
        Variant.INCUMBENT_RETRIEVAL: "old",
    }


def equipped(tenant, base, inference):
    """Return the stages of a tenant, and the run."""
    equipment = Equipment(
        inference=cast("Inference", inference),
        engine_url="",
        base_model=base,
        quantisation="q8_0",
        converter=Path("converter"),
        threads=1,
        memory_bytes=1,
    )
    with tenant.store.reading() as session:
        run = runs.get(session, "run")
    return Stages(tenant=tenant, equipment=equipment), run


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


def test_the_base_is_measured_with_search_before_anything_is_learned(tenant, base, monkeypatch):
    asked = [
        Example(
            dataset_id="data",
            split=Split.HOLDOUT,
            origin=Origin.OWNER,
            messages=question_messages(f"What is the limit in {city}?"),
            question=f"What is the limit in {city}?",
            completion=limit,
        )
        for city, limit in (("Rome", "90 euros"), ("Oslo", "120 euros"))
    ]
    run = make_run(folder=str(base.parent), dataset_id="data")
    keep(tenant.store, make_agent(), Dataset(id="data", agent_id="agent"), run, *asked)
    found = [Passage(title="Limits", heading="", text="The limit in Rome is 90 euros. The limit in Oslo is 100 euros.")]
    monkeypatch.setattr(stages, "retrieval", lambda _tenant, _agent: lambda _question: found)
    engine = FakeInference()
    acts, run = equipped(tenant, base, engine)

    scored = acts.baseline(run, cast("Progress", lambda _share: None))["baseline"]

    assert (scored["mean"], scored["n"]) == (0.5, 2.0)
    assert {it.model for it in engine.asked} == {BASE}
    acts.baseline(run, cast("Progress", lambda _share: None))
    assert len(engine.asked) == 2
    served = tenant.artifacts / ENGINE_MODEL
    served.parent.mkdir(parents=True)
    served.symlink_to("base-weighed.gguf")
    acts.baseline(run, cast("Progress", lambda _share: None))
    assert len(engine.asked) == 4
