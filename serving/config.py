"""How the engine works: its sizes and limits."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    """The defaults suit a model of up to a billion parameters on a machine with a few cores."""

    model: Path
    """The base model, GGUF."""
    adapter_dir: Path
    """The folder that adapters must lie in."""
    embedding_model: Path | None = None
    """The encoder for /v1/embeddings, GGUF; none: texts are not embedded."""
    threads: int = _cores()
    """Threads of llama.cpp."""
    gpu_layers: int = -1
    """Layers to put on a GPU where the build has one; -1: all."""
    context_tokens: int = 8192
    """Tokens of KV memory per lane: a prompt with its answer, or many conversations that share them."""
    lanes: int = 8
    """Adapters (and the base) that can be in memory at once, each with its own KV memory."""
    kv_bytes: int = 4 * 2**30
    """KV memory of all lanes, and of what they swap out, in bytes: fewer lanes are opened when they would need more."""
    kv_type: Literal["f16", "f32", "q8_0"] = "f16"
    """What a lane keeps its KV memory in."""
    sequences: int = 16
    """Conversations per lane: those being answered and those kept for their next turn."""
    batch_tokens: int = 256
    """Tokens per turn of a lane: a longer prompt is read in several turns, so that others are not kept waiting."""
    draft_tokens: int = 16
    """Tokens per turn of a lane that may be drafted by looking them up in the prompts, part of the batch; 0: none."""
    grammars: bool = False
    """Take GBNF grammars from requests. Not by default: one can be written that takes for ever to read."""
    queue: int = 256
    """Requests that may wait; the next is told to try again."""
    answer_tokens: int = 512
    """Length of an answer when a request doesn't limit it."""
    deadline_s: float = 600.0
    """After this, a request is given up."""
    drain_s: float = 30.0
    """How long answers under way may still take when the engine is stopped."""

    @property
    def outputs(self) -> int:
        """Rows of logits a turn may ask for."""
        return self.sequences + self.draft_tokens
