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


def choose_prompts(session: Session, dataset_id: str) -> list[list[Message]]:
    """Return prompts of the hold-out and of the validation split, spread evenly over both."""
    chosen: list[list[Message]] = []
    for split in (Split.HOLDOUT, Split.VALIDATION):
        prompts = [one.messages for one in datasets.examples(session, dataset_id, split=split) if one.messages]
        step = max(1, len(prompts) * 2 // PROMPTS)
        chosen += prompts[::step][: PROMPTS // 2]
    return chosen


def compare(request: ParityRequest, *, memory_bytes: int, watch: Callable[[], None]) -> dict[str, float]:
    """Return how far transformers and the engine agree; raise `RunFailed` if that can't be found out."""
    folder = request.result.parent
    request.write(folder / _REQUEST)
    arguments = [str(folder / _REQUEST)]
    run_module("tuning.training.parity", arguments, folder=folder, memory_bytes=memory_bytes, watch=watch)
    found: dict[str, float] = json.loads(request.result.read_text(encoding="utf-8"))
    return found
