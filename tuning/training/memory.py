"""How much memory a training will take, and how it is made to fit: estimated before any weights are loaded."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from tuning.training import models
from tuning.training.batches import Batch, cost, groups, prefix_of
from tuning.training.config import TrainingConfig
from tuning.training.errors import MemoryTooSmall
from tuning.training.rows import Stage

FIXED_BYTES = 420 * 2**20
"""torch, transformers and their buffers, in a process without a GPU."""
FACTOR = 1.5
"""The peak measured lies between the estimate over this and the estimate times this (tests/integration)."""
_ADAM_NUMBERS = 4
"""Per trained weight: the weight, its gradient, and Adam's two moments, in float32."""
_LOGITS_NUMBERS = 4
"""Per token with loss and word: the logits, their logarithm, and the gradients of both."""
_FLOAT_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How a training fits: what it takes, and what was given up for that."""

    needed_bytes: int
    """At the peak, for each process."""
    free_bytes: int
    """That it could have."""
    most_tokens: int = sys.maxsize
    """Of a part of a batch; smaller parts share less of what rows begin with."""
    is_checkpointed: bool = False
    """Whether activations are computed again instead of kept (Chen et al. 2016)."""

    @property
    def reason(self) -> str:
        """Why it takes longer than it could; empty if it doesn't."""
        if self.most_tokens == sys.maxsize:
            return ""
        how = f"At most {self.most_tokens} tokens are computed at once"
        if not self.most_tokens:
            how = "Rows are computed one by one"
        if self.is_checkpointed:
            how += ", and their activations again instead of kept"
        return f"{how}, since {self.free_bytes / 2**30:.1f} GiB of memory are free."

    def as_json(self) -> dict[str, object]:
        """Return it for the manifest."""
        return {**asdict(self), "reason": self.reason}


def fit(config: TrainingConfig, outline: Any, stages: Sequence[Stage], device: torch.device, *, size: int = 1) -> Fit:
    """Return the fastest way to train that fits into memory: as it is, in smaller parts, or with activations again.

    `outline` is the model without its weights; `size` processes share a CPU's memory. Raises `MemoryTooSmall`.
    """
    free = _free(config, device) // (size if device.type == "cpu" else 1)
    batches = list(dict.fromkeys(batch for stage in stages for batch in stage.batches))
    resting = _resting(config, outline, device)
    needed = 0
    for most_tokens, is_checkpointed in _ways(batches):
        parts = [part for batch in batches for part in groups(batch, most_tokens)]
        needed = resting + max(_activations(outline, part, device, is_checkpointed=is_checkpointed) for part in parts)
        if needed <= free:
            return Fit(needed_bytes=needed, free_bytes=free, most_tokens=most_tokens, is_checkpointed=is_checkpointed)
    raise MemoryTooSmall(needed_gib=needed / 2**30, free_gib=free / 2**30)


def _ways(batches: Sequence[Batch]) -> list[tuple[int, bool]]:
    """Return limits on a part's tokens, from none to a row by itself; at last with activations computed again."""
    largest = max(cost(part) for batch in batches for part in groups(batch))
    longest = max(len(row.tokens) for batch in batches for row in batch)
    limits = [largest >> halvings for halvings in range(1, largest.bit_length()) if largest >> halvings > longest]
    return [(sys.maxsize, False), *((limit, False) for limit in limits), (0, False), (0, True)]


def _resting(config: TrainingConfig, outline: Any, device: torch.device) -> int:
    """Return the bytes that are there between steps: libraries, weights, adapter, its gradient and the optimiser."""
    weights = sum(weight.numel() for weight in outline.parameters()) * models.precision(outline.config, device).itemsize
    trained = sum(
        config.rank * (module.in_features + module.out_features) for module in models.linears(outline).values()
    )
    return int((FIXED_BYTES if device.type == "cpu" else 0) + weights + trained * _ADAM_NUMBERS * _FLOAT_BYTES)


def _activations(outline: Any, rows: Batch, device: torch.device, *, is_checkpointed: bool) -> int:
    """Return the bytes that a part of a batch adds at the peak.

    Kept per token and layer: what goes into every linear layer and comes out of most of them, once each; of the
    beginning that rows share, its keys and values for every row; and the attention weights where no fused kernel
    avoids them.
    """
    shape = outline.config.get_text_config()
    width, layers, heads = shape.hidden_size, shape.num_hidden_layers, shape.num_attention_heads
    inner = getattr(shape, "intermediate_size", 4 * width)
    across = heads * (getattr(shape, "head_dim", None) or width // heads)
    longest, prefix = max(len(row.tokens) for row in rows), prefix_of(rows)
    kept = cost(rows) * (6 * width + 5 * across + 4 * inner) + 2 * len(rows) * prefix * across
    if shape._attn_implementation == "eager":  # noqa: SLF001 - transformers tells it nowhere else
        kept += 2 * len(rows) * heads * (longest - prefix) * longest
    kept = layers * cost(rows) * width + 2 * kept if is_checkpointed else (layers + 1) * kept
    with_loss = len(rows) * (longest - min(row.start for row in rows) + 1)
    logits = _LOGITS_NUMBERS * shape.vocab_size * with_loss * _FLOAT_BYTES
    return int(kept * models.precision(outline.config, device).itemsize + logits)


def _free(config: TrainingConfig, device: torch.device) -> int:
    """Return the bytes that this process may have in all, by the machine, its container and the settings."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    own = psutil.Process().memory_info().rss
    return min(_free_memory() + own, config.memory_bytes or sys.maxsize)


def _free_memory() -> int:
    """Return the bytes that can be had, by the machine and by the container's limit."""
    free = int(psutil.virtual_memory().available)
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and (most := limit.read_text(encoding="ascii").strip()) != "max":
        # Cached files count as used there, yet give way: hence the machine's own figure only bounds it.
        free = min(free, max(int(most) - int(used.read_text(encoding="ascii")), free // 2))
    return free
