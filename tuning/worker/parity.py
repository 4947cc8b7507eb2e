"""The parity check as a child process, because it loads torch: `python -m tuning.worker.parity REQUEST.json`."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from sqlmodel import Session

from tuning.domain.datasets import Split
from tuning.domain.errors import Refusal
from tuning.domain.prompts import Message
from tuning.inference import Inference
from tuning.store import datasets
from tuning.training.child import FAILURE
from tuning.training.files import write_json
from tuning.worker.training import run_module

PROMPTS = 16
_REQUEST, _RESULT = "parity_request.json", "parity.json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to compare."""

    base: str
    """Folder of the base model."""
    peft: str
    """Folder of the peft adapter."""
    adapter: str
    """The same adapter as GGUF."""
    sha256: str
    engine_url: str
    model: str
    """The id that the engine knows the adapter by."""
    prompts: list[list[Message]]
    folder: str
    """Where the result goes."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a request."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def choose_prompts(session: Session, dataset_id: str) -> list[list[Message]]:
    """Return prompts of the hold-out and of the validation split, spread evenly over both."""
    chosen: list[list[Message]] = []
    for split in (Split.HOLDOUT, Split.VALIDATION):
        prompts = [
            example.messages for example in datasets.examples(session, dataset_id, split=split) if example.messages
        ]
        step = max(1, len(prompts) * 2 // PROMPTS)
        chosen += prompts[::step][: PROMPTS // 2]
    return chosen


def check(request: Request, *, memory_bytes: int, watch: Callable[[], None]) -> dict[str, float]:
    """Compare transformers with the served adapter, in a child process; raise `RunFailed` if that can't be done."""
    folder = Path(request.folder)
    write_json(folder / _REQUEST, asdict(request))
    arguments = [str(folder / _REQUEST)]
    run_module("tuning.worker.parity", arguments, folder=folder, memory_bytes=memory_bytes, watch=watch)
    result: dict[str, float] = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
    return result


def main(arguments: Sequence[str]) -> int:
    """Do what the request file says and write the result, or why there is none, beside it."""
    from tuning.training.parity import parity  # noqa: PLC0415 - torch belongs in this process only

    request = Request.read(Path(arguments[0]))
    folder = Path(request.folder)
    inference = Inference(request.engine_url)
    try:
        inference.load_adapter(request.model, Path(request.adapter), request.sha256)
        found = parity(Path(request.base), Path(request.peft), request.prompts, inference, request.model)
    except Refusal as refusal:
        write_json(folder / FAILURE, _described(refusal))
        return 1
    write_json(folder / _RESULT, found)
    return 0


def _described(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "error": refusal.sentence, "remedy": "Then retry the run."}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
