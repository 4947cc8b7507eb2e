"""What a base model loses and gains in fewer bits: size, speed and hold-out score per type, as a table.

    python -m benchmarks.quantisation                             the base model, at questions over passages
    python -m benchmarks.quantisation --run var/artifacts/runs/X  with a run's adapter, at the agent's own hold-out

Each type is written with and without an importance matrix, where one changes it. The matrix is measured over examples
for training, of the agent where a run is named; hold-out questions are never among them. With --keep it is put beside
the base model, so that the next preparation quantises with it, if ATTUNE_QUANTISATION is a type that heeds it.
A question counts as right when every token of the wanted answer is the likeliest: greedy decoding then writes it.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness.exam import Marks, Question, Tokens, examine, questions
from serving.convert import convert_base
from serving.llama.importance import Importance
from serving.quantise import UNMOVED, measure_importance, quantise, write_importance
from tuning.domain.datasets import Split
from tuning.domain.prompts import Message
from tuning.settings import TuningSettings
from tuning.starter.rows import question_row
from tuning.training.base_model import importance_path
from tuning.training.rows import read_examples

TYPES = ("F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M")
"""What ATTUNE_QUANTISATION may be; the first is what the others are compared with."""
LEARNED = 64
"""Examples that importance is measured over."""
NEARLY = 0.99
"""A type is good enough if it keeps this share of the right answers in full precision ..."""
FAITHFUL = 0.999
"""... and this share of its tokens: the gate on parity, at 98 %, must have room for what tuning does."""

Asked = tuple[Sequence[Message], str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A type's line of the table."""

    type: str
    is_weighed: bool
    """Whether an importance matrix was used."""
    bytes: int
    marks: Marks


def main() -> None:
    """Write all types, examine them, and print the table and what follows from it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="the folder of a run: its adapter, examples and hold-out")
    parser.add_argument("--keep", action="store_true", help="let preparation quantise with the importance measured")
    parser.add_argument("--questions", type=int, default=100, help="hold-out questions at most")
    chosen = parser.parse_args()
    settings = TuningSettings()
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "f16.gguf"
        convert_base(settings.base_model, exact, "f16", converter_dir=settings.converter)
        learn, asked = _of_run(chosen.run) if chosen.run else _of_passages()
        lessons = questions(exact, learn[:LEARNED])
        holdout = questions(exact, asked[: chosen.questions])
        adapter = chosen.run / "adapter.gguf" if chosen.run else None
        importance = measure_importance(exact, [[*one.prompt, *one.answer] for one in lessons])
        lines = list(compare(exact, Path(folder), adapter, holdout, importance))
    if chosen.keep:
        write_importance(importance, importance_path(settings.base_model, settings.artifacts / "base"))
    _print(lines, len(holdout), len(lessons))


def compare(
    exact: Path, folder: Path, adapter: Path | None, holdout: Sequence[Question], importance: Importance
) -> Iterator[Line]:
    """Examine every type, without and with importance."""
    for type_ in TYPES:
        for weighed in (None, importance) if type_ not in UNMOVED else (None,):
            target = folder / f"{type_}-{weighed is not None}.gguf"
            quantise(exact, target, type_, importance=weighed)
            marks = examine(target, adapter, holdout)
            yield Line(type=type_, is_weighed=weighed is not None, bytes=target.stat().st_size, marks=marks)
            target.unlink()


def choose(lines: Sequence[Line]) -> Line | None:
    """Return the line to serve: of those that are as good as full precision, nearly, the one that costs the least.

    Cost is time, because answers are waited for: reading a prompt of 512 tokens and writing 64. None, where full
    precision answers no question either: what is a guess anyway chooses nothing.
    """
    exact = lines[0].marks
    if not exact.right:
        return None
    good = [
        line
        for line in lines
        if line.marks.right >= NEARLY * exact.right and alike(line.marks.chosen, exact.chosen) >= FAITHFUL
    ]
    return min(good, key=lambda line: 512 * line.marks.read_ms + 64 * line.marks.write_ms)


def alike(some: Sequence[Tokens], others: Sequence[Tokens]) -> float:
    """Return the share of places at which both chose the same token."""
    pairs = [pair for one, other in zip(some, others, strict=True) for pair in zip(one, other, strict=True)]
    return sum(ours == theirs for ours, theirs in pairs) / len(pairs)


def _of_passages() -> tuple[list[Asked], list[Asked]]:
    """Return questions over passages as the starter learned to answer them, of two kinds of chance."""
    found: list[list[Asked]] = []
    for seed in ("importance", "hold-out"):
        draw = random.Random(seed)
        rows = [question_row(draw, passages=(2, 3), facts_each=(1, 2), fillers=(0, 1), missing=0.1) for _ in range(200)]
        found.append([(row.messages[:-1], row.messages[-1]["content"]) for row in rows])
    return found[0], found[1]


def _of_run(folder: Path) -> tuple[list[Asked], list[Asked]]:
    splits = (list(read_examples(folder / "examples.jsonl", split)) for split in (Split.TRAIN, Split.HOLDOUT))
    learn, asked = ([(it["messages"], it["completion"]) for it in examples] for examples in splits)
    return learn, asked


def _print(lines: Sequence[Line], asked: int, learned: int) -> None:
    table = Table(title=f"Types of the base model: {asked} hold-out questions, importance from {learned} examples")
    for column in ("type", "importance", "MiB", "read, ms", "write, ms", "right", "loss", "as F16"):
        table.add_column(column, justify="left" if column in {"type", "importance"} else "right")
    exact = lines[0].marks.chosen
    for line in lines:
        marks = line.marks
        table.add_row(
            line.type,
            "yes" if line.is_weighed else "",
            f"{line.bytes / 2**20:.2f}",
            f"{marks.read_ms:.3f}",
            f"{marks.write_ms:.3f}",
            f"{marks.right:.1%}",
            f"{marks.loss:.4f}",
            f"{alike(marks.chosen, exact):.2%}",
        )
    console = Console()
    console.print(table)
    best = choose(lines)
    if best is None:
        console.print("Full precision answers none of these questions, so they choose no type.")
        return
    console.print(
        f"To serve: {best.type}{' with importance' if best.is_weighed else ''}, the fastest of those that keep "
        f"{NEARLY:.0%} of the right answers and {FAITHFUL:.1%} of the tokens. Milliseconds are of one core, per token."
    )


if __name__ == "__main__":
    main()
