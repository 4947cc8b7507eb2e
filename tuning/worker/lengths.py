"""How long examples are for the base model; the child process that counts loads what this one doesn't."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tuning.domain.datasets import Example
from tuning.training.files import write_json
from tuning.worker.training import run_module

_REQUEST, _RESULT = "lengths_request.json", "lengths.json"


def lengths(
    examples: Sequence[Example], *, base: Path, folder: Path, memory_bytes: int, watch: Callable[[], None]
) -> list[tuple[int, int]]:
    """Return the tokens of each example's prompt, and of it with its completion; raise `RunFailed` if it can't be."""
    request, result = folder / _REQUEST, folder / _RESULT
    asked = [{"messages": it.messages, "completion": it.completion} for it in examples]
    write_json(request, {"base": str(base), "examples": asked, "result": str(result)})
    try:
        run_module("tuning.training.lengths", [str(request)], folder=folder, memory_bytes=memory_bytes, watch=watch)
    finally:
        request.unlink(missing_ok=True)  # it holds all the pairs' text
    return [(prompt, whole) for prompt, whole in json.loads(result.read_text(encoding="utf-8"))]
