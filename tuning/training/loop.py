"""The training loop: LoRA on frozen weights, on running text, examples, and feedback. It reads top to bottom."""

import hashlib
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from tuning.training import adapters, checkpoints, memory, models
from tuning.training.batches import Batch
from tuning.training.certainty import uncertain
from tuning.training.checkpoints import Position
from tuning.training.config import TrainingConfig
from tuning.training.crew import Crew, join
from tuning.training.errors import LossNotFinite, Stopped
from tuning.training.files import base_sha256, sha256_of, write_json
from tuning.training.judging import Judging, kept, learn_judged, references
from tuning.training.muon import Muon
from tuning.training.passes import loss_of
from tuning.training.progress import Progress, thin
from tuning.training.rows import Stage, plan

ADAPTER = "adapter"
"""The folder of the finished adapter, in the training's folder."""
MANIFEST = "manifest.json"
BETAS = (0.9, 0.98)
PROGRESS_S = 0.5
HOW = frozenset({"folder", "checkpoint_s", "processes", "memory_bytes"})
"""Settings that a checkpoint need not agree with: they change no step but by rounding."""


def train(  # noqa: PLR0915 - it reads top to bottom
    config: TrainingConfig, *, is_stopped: Callable[[], bool]
) -> Path:
    """Train, from the checkpoint if there is one, and return the folder of the peft adapter; a finished one is kept.

    Raises:
        TrainingFailed: with a code and a remedy.
        Stopped: `is_stopped` returned true; a checkpoint has been written.
    """
    adapter_folder = config.folder / ADAPTER
    if adapter_folder.is_dir():
        return adapter_folder

    # ---- What there is to learn, and whether it fits --------------------------------------------------------------
    alone = join(models.device())
    torch.set_num_threads(max(1, config.threads // alone.size))
    outline = models.load_outline(config.base)
    adapters.targets(outline)
    stages = plan(config, models.load_tokenizer(config.base))
    fit = memory.fit(config, outline, stages, alone.device, size=alone.size)
    crew = replace(alone, most_tokens=fit.most_tokens)
    plan_hash = _hash(config, stages)

    # ---- The model, with a fresh adapter or the parent's ----------------------------------------------------------
    checkpoints.seed(config.seed)
    model = _model(config, fit, crew)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    position, remembered = Position(), None
    if saved := checkpoints.load(config.folder, plan_hash):
        position = Position(**saved["position"])
        adapters.restore(model, saved["adapter"])
        remembered = saved["optimiser"]
        torch.set_rng_state(saved["chance"])

    # ---- Stage by stage, step by step -----------------------------------------------------------------------------
    steps = sum(len(stage.batches) for stage in stages)
    resumed_at, began = len(position.losses), time.monotonic()
    earlier_s, saved_at, told_at = position.seconds, began, 0.0
    while position.stage < len(stages):
        stage = stages[position.stage]
        optimiser, remembered = _optimiser(weights, stage, config, remembered), None
        _begin(model, stage, position, crew)
        while batch := _due(model, stage, position, crew):
            for group in optimiser.param_groups:
                group["lr"] = stage.rate * schedule(position.step, len(stage.batches), config.warmup)
            own = _take_step(model, batch, position, config, crew, stage=stage)
            value, stopped = crew.add_up(weights, own, is_stopped=is_stopped())
            if not math.isfinite(value):
                raise LossNotFinite(loss=value, step=position.step + 1, stage=stage.name)
            torch.nn.utils.clip_grad_norm_(weights, config.clip)
            optimiser.step()
            optimiser.zero_grad()
            position.step += 1
            position.losses.append(value)

            now = time.monotonic()
            position.seconds = earlier_s + now - began
            if crew.leads and now - told_at > PROGRESS_S:
                done = len(position.losses)
                pace_s = (now - began) / (done - resumed_at)
                _tell(config.folder, stage.name, position, steps, pace_s * (steps - done))
                told_at = now
            if crew.leads and (stopped or now - saved_at > config.checkpoint_s):
                checkpoints.save(config.folder, plan_hash, position, adapters.state(model), optimiser)
                saved_at = now
            if stopped:
                raise Stopped
        position.stage, position.step, position.settled = position.stage + 1, 0, 0

    # ---- The adapter and how it came to be ------------------------------------------------------------------------
    _finish(model, config, stages, position, fit=fit, crew=crew)
    crew.part()
    return adapter_folder


def _model(config: TrainingConfig, fit: memory.Fit, crew: Crew) -> Any:
    model = adapters.attach(models.load_model(config.base, crew.device), config).train()
    if fit.is_checkpointed:
        models.compute_again(model)
    return model


def _finish(
    model: Any, config: TrainingConfig, stages: list[Stage], position: Position, *, fit: memory.Fit, crew: Crew
) -> None:
    """Write the adapter, whole or not at all, and the manifest beside it, where this process leads."""
    if not crew.leads:
        return
    _tell(config.folder, stages[-1].name, position, len(position.losses), 0.0)
    unfinished = config.folder / f".{ADAPTER}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    adapters.save(model, unfinished)
    manifest = _manifest(config, stages, position, unfinished)
    means = {"memory": fit.as_json(), "device": crew.device.type, "processes": crew.size}
    write_json(config.folder / MANIFEST, {**manifest, **means})
    unfinished.rename(config.folder / ADAPTER)
    (config.folder / checkpoints.FILE).unlink(missing_ok=True)


def _begin(model: Any, stage: Stage, position: Position, crew: Crew) -> None:
    # A model that drops out by chance can't be compared with itself, nor be certain.
    models.set_chance(model, drops_out=not stage.is_judged and stage.certainty is None)
    if stage.is_judged and not position.references:
        position.references = references(model, stage.batches, crew)


def _due(model: Any, stage: Stage, position: Position, crew: Crew) -> Batch:
    """Return what the stage's next step learns, past steps with nothing left to learn; nothing when it is done."""
    while position.step < len(stage.batches) and not stage.is_settled(position.settled):
        batch = stage.batches[position.step]
        if stage.certainty is not None:
            batch = crew.agree(uncertain(model, batch, stage.certainty, crew))
        if batch:
            position.settled = 0
            return batch
        position.step, position.settled = position.step + 1, position.settled + 1
    return ()


def _take_step(
    model: Any, batch: Batch, position: Position, config: TrainingConfig, crew: Crew, *, stage: Stage
) -> float:
    """Add the gradients of this process's share of a batch of the stage to the weights', and return its loss."""
    if not stage.is_judged:
        return learn(model, batch, crew)
    judging = Judging.of(config, stage.batches)
    compared = learn_judged(model, batch, position.references[position.step], judging, crew)
    return compared + learn(model, kept(batch), crew, weight=config.preference_keeping)


def learn(model: Any, batch: Batch, crew: Crew, *, weight: float = 1.0) -> float:
    """Add the gradients of the weighed mean loss over a batch's completion tokens to the weights', and return the loss.

    Part by part: no more of the batch is in memory than the largest of them. Of the parts this process's own: what
    the crew's processes return adds up to the loss.
    """
    count = sum(len(row.tokens) - row.start for row in batch)
    total = 0.0
    for part in crew.own(crew.parts(batch)):
        loss = weight * loss_of(model, part, crew.device) / count
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


def schedule(step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak learning rate at a step: up by a line, then down by half a cosine."""
    rising = max(1, round(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _optimiser(
    weights: list[torch.nn.Parameter], stage: Stage, config: TrainingConfig, remembered: dict[str, Any] | None
) -> torch.optim.Optimizer:
    """Return what takes the stage's steps; `remembered` is what a checkpoint in its midst has of it."""
    decay, is_on_gpu = config.weight_decay, any(weight.is_cuda for weight in weights)
    optimiser: torch.optim.Optimizer
    if config.is_orthogonalised and not stage.is_judged and stage.certainty is None:
        optimiser = Muon(weights, lr=0.0, weight_decay=decay)
    else:  # fused: one kernel for all of a step
        optimiser = torch.optim.AdamW(weights, lr=0.0, betas=BETAS, weight_decay=decay, fused=is_on_gpu)
    if remembered:
        optimiser.load_state_dict(remembered)
    return optimiser


def _hash(config: TrainingConfig, stages: list[Stage]) -> str:
    """Return what a checkpoint must agree with: the same learning from the same rows in the same order."""
    learning = {key: value for key, value in config.as_json().items() if key not in HOW}
    content = repr(sorted(learning.items())) + repr(
        [[(row.role, row.tokens) for row in batch] for s in stages for batch in s.batches]
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _tell(folder: Path, stage: str, position: Position, steps: int, seconds_left: float) -> None:
    Progress(
        stage=stage,
        step=len(position.losses),
        steps=steps,
        loss=position.losses[-1],
        seconds_left=seconds_left,
        losses=thin(position.losses),
    ).write(folder)


def _manifest(config: TrainingConfig, stages: list[Stage], position: Position, adapter: Path) -> dict[str, Any]:
    """Return everything that would make the same adapter again, and its hash."""
    versions = {name: version(name) for name in ("torch", "transformers", "peft")}
    rows = {stage.name: sum(len(batch) for batch in stage.batches) for stage in stages}
    return {
        "adapter_sha256": sha256_of([adapter / adapters.WEIGHTS]),
        "base_sha256": base_sha256(config.base),
        "examples_sha256": sha256_of([config.examples]),
        "config": config.as_json(),
        "versions": versions,
        "rows": rows,
        "steps": len(position.losses),
        "tokens": sum(len(row.tokens) for stage in stages for batch in stage.batches for row in batch),
        "seconds": round(position.seconds, 3),
        "losses": thin(position.losses),
    }
