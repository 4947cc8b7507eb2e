"""How much memory a training will take, estimated before anything is loaded."""

from pathlib import Path
from typing import Any

import psutil
import torch

from tuning.training.batches import cost, groups, prefix_of
from tuning.training.config import TrainingConfig
from tuning.training.errors import MemoryTooSmall
from tuning.training.rows import Stage

FIXED_BYTES = 400 * 2**20
"""torch and its buffers."""
_ADAM_NUMBERS = 4
"""Per trained weight: the weight, its gradient, and Adam's two moments, in float32."""
_FLOAT_BYTES = 4


def estimate(shape: Any, weight_bytes: int, stages: list[Stage], rank: int) -> int:
    """Return the bytes at the peak: weights, adapter with its optimiser, activations of the largest part of a batch.

    `shape` is a transformers config. Counted per token and layer: about 12 vectors of the model's width and 4 of the
    MLP's kept for the gradient, and the attention weights where no fused kernel avoids them; per token with loss, the
    logits three times.
    """
    width, layers = shape.hidden_size, shape.num_hidden_layers
    inner = getattr(shape, "intermediate_size", 4 * width)
    adapter = layers * rank * (4 * 2 * width + 3 * (width + inner)) * _ADAM_NUMBERS * _FLOAT_BYTES
    peak = 0
    for rows in (group for stage in stages for batch in stage.batches for group in groups(batch)):
        longest, prefix = max(len(row.tokens) for row in rows), prefix_of(rows)
        attention = len(rows) * shape.num_attention_heads * (longest - prefix) * longest
        logits = 3 * shape.vocab_size * len(rows) * (longest - min(row.start for row in rows) + 1)
        peak = max(peak, _FLOAT_BYTES * (layers * (cost(rows) * (12 * width + 4 * inner) + attention) + logits))
    return int(FIXED_BYTES + weight_bytes + adapter + peak)


def check(config: TrainingConfig, shape: Any, stages: list[Stage], device: torch.device) -> int:
    """Return the estimate in bytes; raise `MemoryTooSmall` if there is less."""
    stored = sum(file.stat().st_size for file in config.base.glob("*.safetensors"))
    halves = str(getattr(shape, "dtype", "")).endswith("16")
    weights = stored * 2 if device.type == "cpu" and halves else stored
    needed = estimate(shape, weights, stages, config.rank)
    free = torch.cuda.mem_get_info()[0] if device.type == "cuda" else _free_memory()
    if needed > free:
        raise MemoryTooSmall(needed_gib=needed / 2**30, free_gib=free / 2**30)
    return needed


def _free_memory() -> int:
    """Return the bytes that can be had, by the machine and by the container's limit."""
    free = int(psutil.virtual_memory().available)
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and (most := limit.read_text(encoding="ascii").strip()) != "max":
        # Cached files count as used there, yet give way: hence the machine's own figure only bounds it.
        free = min(free, max(int(most) - int(used.read_text(encoding="ascii")), free // 2))
    return free
