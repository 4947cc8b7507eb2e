"""The training loop: LoRA on frozen weights, first on running text, then on examples. It reads top to bottom.

Tensors are named with their shape: B rows of a batch, P tokens that they all begin with, S further tokens, K of
those where the loss is, V vocabulary.
"""

import hashlib
import math
import shutil
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from tuning.training import adapters, checkpoints, memory, models
from tuning.training.batches import Batch, groups, prefix_of
from tuning.training.checkpoints import Position
from tuning.training.config import TrainingConfig
from tuning.training.errors import LossNotFinite, Stopped
from tuning.training.files import base_sha256, sha256_of, write_json
from tuning.training.progress import Progress, thin
from tuning.training.rows import Stage, plan

ADAPTER = "adapter"
"""The folder of the finished adapter, in the training's folder."""
MANIFEST = "manifest.json"
BETAS = (0.9, 0.98)
PROGRESS_S = 0.5
_NO_LOSS = -100


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
    torch.set_num_threads(config.threads)
    device = models.device()
    shape = models.load_shape(config.base)
    stages = plan(config, models.load_tokenizer(config.base))
    needed_bytes = memory.check(config, shape, stages, device)
    plan_hash = _hash(config, stages)

    # ---- The model, with a fresh adapter or the parent's ----------------------------------------------------------
    checkpoints.seed(config.seed)
    model = adapters.attach(models.load_model(config.base, device), config).train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = _optimiser(weights, config)
    position = Position()
    if saved := checkpoints.load(config.folder, plan_hash):
        position = Position(**saved["position"])
        adapters.restore(model, saved["adapter"])
        optimiser.load_state_dict(saved["optimiser"])
        torch.set_rng_state(saved["chance"])

    # ---- Stage by stage, step by step -----------------------------------------------------------------------------
    steps = sum(len(stage.batches) for stage in stages)
    resumed_at, began = len(position.losses), time.monotonic()
    earlier_s, saved_at, told_at = position.seconds, began, 0.0
    while position.stage < len(stages):
        stage = stages[position.stage]
        while position.step < len(stage.batches):
            for group in optimiser.param_groups:
                group["lr"] = stage.rate * schedule(position.step, len(stage.batches), config.warmup)
            value = learn(model, stage.batches[position.step], device)
            if not math.isfinite(value):
                raise LossNotFinite(loss=value, step=position.step + 1, stage=stage.name)
            torch.nn.utils.clip_grad_norm_(weights, config.clip)
            optimiser.step()
            optimiser.zero_grad()
            position.step += 1
            position.losses.append(value)

            now = time.monotonic()
            position.seconds = earlier_s + now - began
            if now - told_at > PROGRESS_S:
                done = len(position.losses)
                pace_s = (now - began) / (done - resumed_at)
                _tell(config.folder, stage.name, position, steps, pace_s * (steps - done))
                told_at = now
            stopped = is_stopped()
            if stopped or now - saved_at > config.checkpoint_s:
                checkpoints.save(config.folder, plan_hash, position, adapters.state(model), optimiser)
                saved_at = now
            if stopped:
                raise Stopped
        position.stage, position.step = position.stage + 1, 0
        optimiser = _optimiser(weights, config)

    # ---- The adapter and how it came to be ------------------------------------------------------------------------
    _tell(config.folder, stages[-1].name, position, steps, 0.0)
    unfinished = config.folder / f".{ADAPTER}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    adapters.save(model, unfinished)
    manifest = _manifest(config, stages, position, unfinished)
    write_json(config.folder / MANIFEST, {**manifest, "memory_bytes_estimated": needed_bytes, "device": device.type})
    unfinished.rename(adapter_folder)
    (config.folder / checkpoints.FILE).unlink(missing_ok=True)
    return adapter_folder


def learn(model: Any, batch: Batch, device: torch.device) -> float:
    """Add the gradients of the mean loss over all completion tokens of a batch to the weights', and return the loss.

    Part by part: no more of the batch is in memory than the largest of them.
    """
    count = sum(len(row.tokens) - row.start for row in batch)
    total = 0.0
    for group in groups(batch):
        loss = group_loss(model, group, device) / count
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


def group_loss(model: Any, rows: Batch, device: torch.device) -> torch.Tensor:
    """Return the sum of the losses of all completion tokens of the rows.

    What the rows have in common at their beginning is computed once, and the output head only where some row has loss:
    both leave loss and gradients what they are for each row by itself.
    """
    prefix = prefix_of(rows)
    longest = max(len(row.tokens) for row in rows)
    tokens_B_S = torch.zeros(len(rows), longest - prefix - 1, dtype=torch.long)
    labels_B_S = torch.full_like(tokens_B_S, _NO_LOSS)
    for number, row in enumerate(rows):
        last = len(row.tokens) - 1 - prefix
        tokens_B_S[number, :last] = torch.tensor(row.tokens[prefix:-1])
        labels_B_S[number, row.start - 1 - prefix : last] = torch.tensor(row.tokens[row.start :])
    where_K = (labels_B_S != _NO_LOSS).any(dim=0).nonzero().squeeze(1)
    labels_B_K = labels_B_S[:, where_K].to(device)
    cache = None
    if prefix:
        prefix_1_P = torch.tensor([rows[0].tokens[:prefix]], device=device)
        cache = models.beginning(model, prefix_1_P, len(rows))
    # Padding is on the right, where a causal model looks at it from padding only: no mask is needed.
    answer = model(
        input_ids=tokens_B_S.to(device),
        past_key_values=cache,
        use_cache=cache is not None,
        logits_to_keep=where_K.to(device),
    )
    logits_B_K_V = answer.logits
    return torch.nn.functional.cross_entropy(
        logits_B_K_V.flatten(0, 1).float(), labels_B_K.flatten(), ignore_index=_NO_LOSS, reduction="sum"
    )


def schedule(step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak learning rate at a step: up by a line, then down by half a cosine."""
    rising = max(1, round(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _optimiser(weights: list[torch.nn.Parameter], config: TrainingConfig) -> torch.optim.Optimizer:
    return torch.optim.AdamW(weights, lr=0.0, betas=BETAS, weight_decay=config.weight_decay)


def _hash(config: TrainingConfig, stages: list[Stage]) -> str:
    """Return what a checkpoint must agree with: the same learning from the same rows in the same order."""
    learning = {key: value for key, value in config.as_json().items() if key not in {"folder", "checkpoint_s"}}
    content = repr(sorted(learning.items())) + repr(
        [[row.tokens for row in batch] for s in stages for batch in s.batches]
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
