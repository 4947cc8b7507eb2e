"""Whether the served model is the one that was trained: greedy answers by transformers and by the engine, compared.

python -m tuning.training.parity REQUEST.json
"""

import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tuning.domain.prompts import Message
from tuning.inference import Inference, Prompt
from tuning.training.child import DONE, FAILED, FAILURE, MISUSED, explain
from tuning.training.files import write_json

MAX_TOKENS = 48


@dataclass(frozen=True, kw_only=True)
class ParityRequest:
    """What the child compares, and where it writes the result."""

    base: Path
    adapter: Path | None
    """The peft adapter's folder; none: the base model as it is."""
    engine_url: str
    model: str
    """What the engine calls the same."""
    prompts: list[list[Message]]
    result: Path
    """A JSON file; a failure is written beside it."""
    threads: int = 1
    max_tokens: int = MAX_TOKENS

    def write(self, path: Path) -> None:
        """Write it for the child to read."""
        write_json(
            path, {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("base", "adapter", "result"):
            values[name] = Path(values[name]) if values[name] else None
        return cls(**values)


def parity(
    base_dir: Path,
    peft_dir: Path | None,
    prompts: Sequence[list[Message]],
    inference: Inference,
    model: str,
    *,
    threads: int = 1,
    max_tokens: int = MAX_TOKENS,
) -> dict[str, float]:
    """Return how far the engine's greedy answers agree with transformers'. Loads torch: only for a process of its own.

    `tokens`: share of tokens up to the first that differs; `answers`: share of answers equal to the letter;
    `prompts`: share of prompts that both render to equally many tokens; `n`: how many were compared.
    """
    from tuning.training.reference import ReferenceModel  # noqa: PLC0415 - the worker imports this module without torch

    reference = ReferenceModel(base_dir, peft_dir, threads=threads)
    ours = [reference.answer(messages, max_tokens) for messages in prompts]
    asked = [Prompt(model=model, messages=messages, max_tokens=max_tokens) for messages in prompts]
    theirs = inference.answer_all(asked)
    # Both as text and back, because two rows of tokens can stand for one text.
    pairs = [
        (reference.tokens(mine.text), reference.tokens(served.text)) for mine, served in zip(ours, theirs, strict=True)
    ]
    agreed, longest = sum(common(*pair) for pair in pairs), sum(max(map(len, pair)) for pair in pairs)
    count = len(pairs)
    return {
        "tokens": agreed / longest if longest else 1.0,
        "answers": sum(mine == served for mine, served in pairs) / count,
        "prompts": sum(m.prompt_tokens == t.prompt_tokens for m, t in zip(ours, theirs, strict=True)) / count,
        "n": float(count),
    }


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two answers have in common before they part."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def main() -> int:
    """Compare what the request on the command line says, and return the exit code."""
    if len(sys.argv) != len(("program", "request")):
        sys.stderr.write("usage: python -m tuning.training.parity REQUEST.json\n")
        return MISUSED
    request = ParityRequest.read(Path(sys.argv[1]))
    try:
        shares = parity(
            request.base,
            request.adapter,
            request.prompts,
            Inference(request.engine_url),
            request.model,
            threads=request.threads,
            max_tokens=request.max_tokens,
        )
    except Exception as error:  # noqa: BLE001 - whatever it was, the person gets a sentence and the log the rest
        traceback.print_exc()
        failure = explain(error)
        said = {"code": failure.failure, "error": failure.what, "remedy": failure.remedy}
        write_json(request.result.parent / FAILURE, said)
        return FAILED
    write_json(request.result, shares)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
