"""The stages of a run. Each finds what it needs in the store and the run's folder, and done again does no harm."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tuning.datasets import builder
from tuning.datasets.files import write_examples
from tuning.documents.extraction import Extractor
from tuning.domain.agents import Agent
from tuning.domain.errors import NotAllowed, RunFailed
from tuning.domain.evaluations import Variant
from tuning.domain.inspection import Case, Inspection
from tuning.domain.releases import Release
from tuning.domain.runs import Run, Stage
from tuning.evaluation.evaluate import Retrieve, baseline, evaluate
from tuning.governance.policy import objection_to_run
from tuning.governance.tenant import Tenant
from tuning.inference import BASE, EngineAway, EngineRefused, Inference
from tuning.releases import candidates, watch
from tuning.releases.drift import begin_anew_if_it_has_learned_the_hold_out, begin_anew_if_needed
from tuning.store import agents, releases, runs
from tuning.training.config import TrainingConfig
from tuning.training.export import export_adapter
from tuning.training.files import base_sha256
from tuning.training.inspection import InspectionRequest
from tuning.worker import inspection, training
from tuning.worker.answers import KeptAnswers
from tuning.worker.encoding import encode
from tuning.worker.lengths import lengths
from tuning.worker.preparation import ENGINE_MODEL
from tuning.worker.progress import Progress
from tuning.worker.retrieval import retrieval
from tuning.worker.runs import Act
from tuning.worker.sources import sync_source

_EXAMPLES = "examples.jsonl"
_ANSWERS_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What a worker tunes with."""

    inference: Inference
    engine_url: str
    """For the child processes, which need a client of their own."""
    base_model: Path
    """The folder of the base model, as transformers writes it."""
    quantisation: str
    """Of the base model as it is served."""
    converter: Path
    threads: int
    memory_bytes: int
    """For the training's processes, together."""
    processes: int = 0
    """That train together; 0: one for each GPU, or one."""


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The stages of runs of one tenant."""

    tenant: Tenant
    """With the leased store, so that nothing is written once another worker has the job."""
    equipment: Equipment

    def acts(self) -> Mapping[Stage, Act]:
        """Return what to do in each stage."""
        return {
            Stage.SYNC: self.sync,
            Stage.DATASET: self.dataset,
            Stage.BASELINE: self.baseline,
            Stage.TRAINING: self.training,
            Stage.EXPORT: self.export,
            Stage.EVALUATION: self.evaluation,
        }

    def sync(self, run: Run, progress: Progress) -> dict[str, Any]:
        """Bring the agent's sources in step, so that the run learns from what is there and readable now."""
        with self.tenant.store.reading() as session:
            source_ids = agents.get(session, run.agent_id).source_ids
            # Again, because it may have waited for long.
            if objection := objection_to_run(self.tenant, session, source_ids):
                raise NotAllowed(f"{objection} Then retry the run.")
        share = 1 / max(1, len(source_ids))
        with Extractor() as extractor:
            for number, source_id in enumerate(source_ids):
                part = _part(progress, number * share, share)
                sync_source(self.tenant, source_id, extractor, part, job_id=progress.job_id, check=progress.check)
        watch.compare(self.tenant)
        begin_anew_if_needed(self.tenant, run)
        encode(self.tenant.store, source_ids, self.equipment.inference, progress.tick)
        return {}

    def dataset(self, run: Run, progress: Progress) -> dict[str, Any]:
        """Choose and make the examples."""
        folder = Path(run.folder)
        folder.mkdir(parents=True, exist_ok=True)
        dataset = builder.build(
            self.tenant,
            run,
            self.equipment.inference,
            progress=progress,
            lengths=lambda examples: lengths(
                examples,
                base=self.equipment.base_model,
                folder=folder,
                memory_bytes=self.equipment.memory_bytes,
                watch=progress.tick,
            ),
        )
        begin_anew_if_it_has_learned_the_hold_out(self.tenant, run)
        return {"examples": dataset.counts}

    def baseline(self, run: Run, progress: Progress) -> dict[str, Any]:
        """Measure the base model before anything is learned, so that the owner can stop a run that is not worth it."""
        with self.tenant.store.reading() as session:
            agent = agents.get(session, run.agent_id)
            live = self._fit(session, agent.live_release_id)
        scored = baseline(
            self.tenant,
            run,
            self._kept_answers(run, live),
            model=BASE,
            retrieve=retrieval(self.tenant, agent),
            progress=progress,
        )
        return {"baseline": scored}

    def training(self, run: Run, progress: Progress) -> dict[str, Any]:
        """Train the adapter in a child process, from the live release's one where there is one."""
        folder = Path(run.folder)
        folder.mkdir(parents=True, exist_ok=True)
        with self.tenant.store.reading() as session:
            write_examples(session, run.dataset_id or "", folder / _EXAMPLES)
            parent = self._fit(session, run.parent_release_id)
        config = TrainingConfig.for_base(
            self.equipment.base_model,
            examples=folder / _EXAMPLES,
            folder=folder,
            parent=Path(parent.peft_path) if parent else None,
            learned=Path(parent.peft_path).parent / _EXAMPLES if parent else None,
            threads=self.equipment.threads,
            processes=self.equipment.processes,
            memory_bytes=self.equipment.memory_bytes,
        )
        return training.train(config, memory_bytes=self.equipment.memory_bytes, progress=progress)

    def export(self, run: Run, progress: Progress) -> dict[str, Any]:
        """Convert the adapter for the engine, and load it there under the run's id."""
        adapter = _adapter(run)
        sha256 = export_adapter(_peft_folder(run), self.equipment.base_model, adapter, self.equipment.converter)
        progress(0.9)
        self.equipment.inference.load_adapter(run.id, adapter, sha256)
        return {"adapter_sha256": sha256, "adapter_bytes": adapter.stat().st_size}

    def evaluation(self, run: Run, progress: Progress) -> dict[str, Any]:
        """Measure the base, the live release and this run on the same questions."""
        models = {
            Variant.BASE: BASE,
            Variant.BASE_RETRIEVAL: BASE,
            Variant.BASE_LEARNED: BASE,
            Variant.TUNED: run.id,
            Variant.TUNED_RETRIEVAL: run.id,
        }
        with self.tenant.store.reading() as session:
            agent = agents.get(session, run.agent_id)
            live = self._fit(session, agent.live_release_id)
        if live:
            self.equipment.inference.load_adapter(live.id, Path(live.adapter_path), live.adapter_sha256)
            models |= {Variant.INCUMBENT: live.id, Variant.INCUMBENT_RETRIEVAL: live.id}
        self.equipment.inference.load_adapter(run.id, _adapter(run), run.metrics["adapter_sha256"])
        made = evaluate(
            self.tenant,
            run,
            self._kept_answers(run, live),
            models=models,
            embed=self.equipment.inference.embed if self.equipment.inference.encoder() else None,
            inspect=lambda cases: self._inspect(run, live, cases, progress),
            retrieve=self._retrieval(agent, run, live),
            progress=_part(progress, 0.0, _ANSWERS_SHARE),
        )
        progress(1.0)
        return {"parity": made.parity}

    def _retrieval(self, agent: Agent, run: Run, live: Release | None) -> dict[Variant, Retrieve]:
        """Return how passages are found for each variant: as a chat does with the release, or with none."""
        with self.tenant.store.reading() as session:
            incumbent = runs.dataset_of(session, live.run_id) if live else None
        learned = {
            Variant.BASE_RETRIEVAL: None,
            Variant.BASE_LEARNED: run.dataset_id,
            Variant.TUNED_RETRIEVAL: run.dataset_id,
            Variant.INCUMBENT_RETRIEVAL: incumbent,
        }
        by_dataset = {dataset_id: retrieval(self.tenant, agent, dataset_id) for dataset_id in set(learned.values())}
        return {variant: by_dataset[dataset_id] for variant, dataset_id in learned.items()}

    def _kept_answers(self, run: Run, live: Release | None) -> KeptAnswers:
        # The file's name tells by what it was quantised, too: answers of one are none of another.
        served = (self.tenant.artifacts / ENGINE_MODEL).resolve().name
        base = f"{base_sha256(self.equipment.base_model)} {self.equipment.quantisation} {served}"
        weights = {BASE: base}
        if "adapter_sha256" in run.metrics:
            weights[run.id] = f"{base} {run.metrics['adapter_sha256']}"
        if live:
            weights[live.id] = f"{base} {live.adapter_sha256}"
        return KeptAnswers(
            inference=self.equipment.inference,
            weights=weights,
            folder=Path(run.folder),
            earlier=Path(live.peft_path).parent if live else None,
        )

    def _inspect(self, run: Run, live: Release | None, cases: list[Case], progress: Progress) -> Inspection:
        dataset_id = run.dataset_id or ""
        with self.tenant.store.reading() as session:
            request = InspectionRequest(
                base=self.equipment.base_model,
                adapter=_peft_folder(run),
                engine_url=self.equipment.engine_url,
                model=run.id,
                incumbent=Path(live.peft_path) if live else None,
                prompts=inspection.choose_prompts(session, dataset_id),
                cases=cases,
                secrets=inspection.choose_secrets(session, dataset_id),
                result=Path(run.folder) / "inspection.json",
                threads=self.equipment.threads,
            )
        try:
            return inspection.inspect(request, memory_bytes=self.equipment.memory_bytes, watch=progress.tick)
        except RunFailed:  # an engine that was restarted meanwhile has forgotten the adapter
            self.equipment.inference.load_adapter(run.id, _adapter(run), run.metrics["adapter_sha256"])
            return inspection.inspect(request, memory_bytes=self.equipment.memory_bytes, watch=progress.tick)

    def conclude(self, run: Run) -> None:
        """Make the candidate release, ready to be tried: loaded under its own id from now on."""
        release = candidates.create(
            self.tenant,
            run,
            adapter_path=_adapter(run),
            sha256=run.metrics["adapter_sha256"],
            peft_path=_peft_folder(run),
            base_sha256=base_sha256(self.equipment.base_model),
        )
        if release is None:
            return
        with contextlib.suppress(EngineAway, EngineRefused):  # whoever asks it loads what is missing
            self.equipment.inference.load_adapter(release.id, Path(release.adapter_path), release.adapter_sha256)
            self.equipment.inference.unload_adapter(run.id)

    def _fit(self, session: Session, release_id: str | None) -> Release | None:
        """Return a release, if there is one; one on another base model can be neither continued nor asked."""
        release = releases.get(session, release_id) if release_id else None
        is_fit = release is not None and release.base_sha256 == base_sha256(self.equipment.base_model)
        return release if is_fit else None


def _peft_folder(run: Run) -> Path:
    return Path(run.folder) / "adapter"


def _adapter(run: Run) -> Path:
    return Path(run.folder) / "adapter.gguf"


def _part(progress: Callable[[float], None], start: float, width: float) -> Callable[[float], None]:
    return lambda fraction: progress(start + width * fraction)
