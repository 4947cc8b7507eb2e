"""The parity check of a run: which prompts to compare, and the child process that compares them."""

import json
from collections.abc import Callable

from sqlmodel import Session

from tuning.domain.datasets import Split
from tuning.domain.prompts import Message
from tuning.store import datasets
from tuning.training.parity import ParityRequest
from tuning.worker.training import run_module

PROMPTS = 16
_REQUEST = "parity_request.json"
_PASSAGE = "\n\n"
"""What separates passages from the question."""


def choose_prompts(session: Session, dataset_id: str) -> list[list[Message]]:
    """Return prompts of the hold-out, and prompts with passages from what was trained on or kept for validation."""
    held = datasets.examples(session, dataset_id, split=Split.HOLDOUT)
    others = [
        *datasets.examples(session, dataset_id, split=Split.VALIDATION),
        *datasets.examples(session, dataset_id, split=Split.TRAIN),
    ]
    short = [one.messages for one in held if one.messages]
    long = [one.messages for one in others if one.messages and _PASSAGE in one.messages[-1]["content"]]
    return [*_spread(short), *_spread(long)]


def _spread(prompts: list[list[Message]]) -> list[list[Message]]:
    """Return half as many prompts as are compared, evenly spread, or all if there are fewer."""
    step = max(1, len(prompts) * 2 // PROMPTS)
    return prompts[::step][: PROMPTS // 2]


def compare(request: ParityRequest, *, memory_bytes: int, watch: Callable[[], None]) -> dict[str, float]:
    """Return how far transformers and the engine agree; raise `RunFailed` if that can't be found out."""
    folder = request.result.parent
    request.write(folder / _REQUEST)
    arguments = [str(folder / _REQUEST)]
    run_module("tuning.training.parity", arguments, folder=folder, memory_bytes=memory_bytes, watch=watch)
    found: dict[str, float] = json.loads(request.result.read_text(encoding="utf-8"))
    return found
