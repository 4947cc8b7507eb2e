"""Whether the served model is the one that was trained: transformers judges the engine's greedy answers.

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
NEAR_TIE = 0.2
"""Nats by which a token may be less likely than transformers' choice and still count as a tie. Quantising the starter
to Q8_0 moves log-probabilities by 0.03 on average and 0.5 at most, and turned choices that were 0.02 apart; a missing
adapter is 5 to 9 nats off."""


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
    """Return how far the engine's greedy answers are what transformers would say. Loads torch: for a child process.

    The reference has the base as it was trained on, in full precision, so that what quantisation costs is seen too.
    Every token of a served answer, its end included, is judged after the same beginning: one that differs does not
    make all later ones wrong, as comparing two answers would.

    `tokens`: share that is the reference's own choice; `faithful`: share that is, or ties with it within `NEAR_TIE`;
    `largest_gap`: nats between the reference's choice and the served token, at worst; `answers`: share of answers
    equal to the letter; `prompts`: share of prompts that both render to equally many tokens; `n`: answers compared.
    """
    from tuning.training.reference import ReferenceModel  # noqa: PLC0415 - the worker imports this module without torch

    reference = ReferenceModel(base_dir, peft_dir, threads=threads)
    ours = [reference.answer(messages, max_tokens) for messages in prompts]
    asked = [Prompt(model=model, messages=messages, max_tokens=max_tokens) for messages in prompts]
    theirs = inference.answer_all(asked)
    gaps: list[float] = []
    for messages, mine, served in zip(prompts, ours, theirs, strict=True):
        # The same text can be cut into tokens in several ways; where both say it, the reference's is the one.
        tokens = mine.tokens if served.text == mine.text else reference.tokens(served.text)
        gaps += reference.gaps(messages, tokens, ended=served.completion_tokens < max_tokens)
    pairs = list(zip(ours, theirs, strict=True))
    return {
        **agreement(gaps),
        "answers": sum(mine.text == served.text for mine, served in pairs) / len(pairs),
        "prompts": sum(mine.prompt_tokens == served.prompt_tokens for mine, served in pairs) / len(pairs),
        "n": float(len(pairs)),
    }


def agreement(gaps: Sequence[float]) -> dict[str, float]:
    """Return `tokens`, `faithful` and `largest_gap` of tokens that lie so many nats below the reference's choices."""
    if not gaps:
        return {"tokens": 1.0, "faithful": 1.0, "largest_gap": 0.0}
    return {
        "tokens": sum(gap <= 0 for gap in gaps) / len(gaps),
        "faithful": sum(gap <= NEAR_TIE for gap in gaps) / len(gaps),
        "largest_gap": max(gaps),
    }


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
