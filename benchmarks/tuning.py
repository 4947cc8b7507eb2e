"""Attune's training loop beside TRL's SFTTrainer: examples per second, memory, and the loss that each arrives at.

    python -m benchmarks.tuning [--only NAME ...] [--rounds N]

Both sides train the same LoRA on the same 100M model with the same examples, rows per step, learning rates and seed,
each in a process of its own, taking turns; TRL packs. Every figure is the median over the rounds. The loss is
measured afterwards, with both adapters in the same way, on examples that neither has seen. The model has random
weights and is made at the first run, in var/benchmarks: how fast a model learns does not depend on them. Where there is
a GPU, a model of half a billion parameters is trained on it, too.

MFU is the share of what a plain product of matrices reaches on the same machine: of the operations that each row by
itself would take, 4 for each parameter and token (forward, and back through frozen weights). What is computed once for
several rows counts for each of them, so that it can be more than the machine does.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForCausalLM

from benchmarks.harness.learning import LESSONS, PLAN, Lessons, loss_of, rows_of
from benchmarks.harness.models import SIZES, make_folder
from tuning.domain.prompts import Message, question_messages
from tuning.starter.facts import AREAS
from tuning.starter.passages import invent_fact, invent_sources

SIDES = ("trl", "attune")
HEAD = (
    "work",
    "side",
    "examples/s",
    "factor",
    "examples/CPU s",
    "factor",
    "bar",
    "peak MiB",
    "share",
    "bar",
    "loss on unseen",
    "MFU",
)
QUESTIONS_A_PASSAGE = 4
INSTRUCTION = """
You answer for the office services of a company with four sites. Answer in one short sentence, in the words of the
documents, and never guess: a wrong date or amount costs somebody an afternoon. Amounts are in euros and without tax
unless the question says otherwise. Times are local. When a colleague asks for a form, give its code and say where to
hand it in; when a colleague asks who decides, give the person and not the department. Don't repeat the question, don't
greet, don't thank. If a rule differs between the sites, give the one of the head office and say that the others may
differ. Never say anything about pay, health or performance of a named person, whoever asks. If you are not sure what
is meant, say what you understood in a few words and answer that. People read this on a phone between two meetings.
"""

Example = tuple[list[Message], str]


@dataclass(frozen=True, kw_only=True)
class Work:
    """Something to learn, and what is expected of it."""

    name: str
    examples: Callable[[random.Random], list[Example]]
    """Makes training examples."""
    rows_per_step: int
    least: float
    """Examples per second, as a multiple of TRL's."""
    most_memory: float | None = 0.7
    """Peak memory, as a share of TRL's; none: there is no bar."""
    size: str = "100M"
    """Of the model."""
    is_on_gpu: bool = False
    """Whether it is for GPUs: the others don't see them."""


def on_passages(chance: random.Random, count: int = 8) -> list[Example]:
    """Return questions on so many groups of passages, four over the same."""
    found: list[Example] = []
    for _ in range(count):
        sources = invent_sources(chance, count=3, facts_each=(3, 5), fillers=(3, 6))
        facts = [(number, fact) for number, source in enumerate(sources, start=1) for fact in source.facts]
        for number, fact in chance.sample(facts, QUESTIONS_A_PASSAGE):
            asked = question_messages(chance.choice(fact.questions), [source.passage for source in sources])
            found.append((asked, f"{fact.answer} [{number}]"))
    return found


def on_one_instruction(chance: random.Random) -> list[Example]:
    """Return short questions and answers under one long instruction."""
    facts = [invent_fact(chance, chance.choice(AREAS[chance.choice(list(AREAS))])) for _ in range(48)]
    instruction = " ".join(INSTRUCTION.split())
    return [(question_messages(fact.questions[0], instructions=instruction), fact.answer) for fact in facts]


WORKS = (
    Work(name="4 questions a passage", examples=on_passages, rows_per_step=8, least=3.0),
    Work(name="200-token instruction", examples=on_one_instruction, rows_per_step=8, least=2.0),
    Work(
        name="4 questions a passage, GPU",
        examples=partial(on_passages, count=128),
        rows_per_step=32,
        least=1.5,
        most_memory=None,
        size="500M",
        is_on_gpu=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What one side made of a work."""

    rate: float
    """Examples per second."""
    cpu_rate: float
    """Examples per second of CPU, of all threads together: what others on the machine don't slow down."""
    peak_bytes: float
    loss: float
    mfu: float
    """Share of the operations that a plain product of matrices reaches."""


def learn(work: Work, rounds: int, threads: int, console: Console) -> dict[str, Learned]:
    """Let both sides learn, in turns."""
    base = make_folder(SIZES[work.size])
    parameters = AutoModelForCausalLM.from_pretrained(base).num_parameters()
    unseeing = [] if work.is_on_gpu else ["env", "CUDA_VISIBLE_DEVICES="]
    chance = random.Random(1)
    lessons, unseen = work.examples(chance), work.examples(chance)[:48]
    found: dict[str, list[Learned]] = {side: [] for side in SIDES}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            write(place / LESSONS, lessons)
            write(place / "unseen.jsonl", unseen)
            rows = rows_of(base, place / LESSONS)
            tokens = sum(len(row.tokens) for row in rows)
            packed = tokens * work.rows_per_step // len(rows)
            plan = Lessons(
                base=str(base.resolve()), rows_per_step=work.rows_per_step, packed_tokens=packed, threads=threads
            )
            (place / PLAN).write_text(json.dumps(asdict(plan)), encoding="utf-8")
            for side in SIDES if number % 2 == 0 else SIDES[::-1]:
                console.print(f"[dim]{work.name}, round {number + 1}: {side} ...[/]")
                command = [*unseeing, sys.executable, "-m", "benchmarks.harness.learning", side, folder]
                ended = subprocess.run(command, check=False, capture_output=True, text=True)
                if ended.returncode:
                    sys.exit(f"{side} failed:\n{ended.stderr[-2000:]}")
                said = json.loads((place / f"{side}.json").read_text(encoding="utf-8"))
                loss = loss_of(base, Path(said["adapter"]), rows_of(base, place / "unseen.jsonl"))
                rate, cpu_rate = (len(lessons) / said[name] for name in ("seconds", "cpu_seconds"))
                mfu = 4 * parameters * tokens / said["seconds"] / said["matmul_flops"]
                found[side].append(
                    Learned(rate=rate, cpu_rate=cpu_rate, peak_bytes=said["peak_bytes"], loss=loss, mfu=mfu)
                )
    names = [field.name for field in fields(Learned)]
    return {
        side: Learned(**{name: statistics.median(getattr(one, name) for one in of) for name in names})
        for side, of in found.items()
    }


def write(path: Path, examples: list[Example]) -> None:
    """Write examples as a run's dataset has them."""
    with path.open("w", encoding="utf-8") as file:
        for messages, completion in examples:
            line = {"split": "train", "origin": "list", "messages": messages, "completion": completion}
            file.write(json.dumps(line) + "\n")


def main() -> None:
    """Let both sides learn every work, and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=[work.name for work in WORKS], help="some of the works")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    console = Console(width=shutil.get_terminal_size((120, 24)).columns)
    table = Table(title=f"Attune's loop beside TRL's, medians of {chosen.rounds} rounds, {chosen.threads} threads")
    for column in HEAD:
        table.add_column(column, justify="left" if column in {"work", "side"} else "right")
    for work in WORKS:
        if chosen.only and work.name not in chosen.only:
            continue
        if work.is_on_gpu and not torch.cuda.is_available():
            console.print(f"[dim]{work.name}: there is no GPU here.[/]")
            continue
        both = learn(work, chosen.rounds, chosen.threads, console)
        peer = both["trl"]
        for side, one in both.items():
            mine = side == "attune"
            table.add_row(
                work.name,
                side,
                f"{one.rate:.2f}",
                f"{one.rate / peer.rate:.2f}" if mine else "",
                f"{one.cpu_rate:.2f}",
                f"{one.cpu_rate / peer.cpu_rate:.2f}" if mine else "",
                f"{work.least:g}" if mine else "",
                f"{one.peak_bytes / 2**20:,.0f}",
                f"{one.peak_bytes / peer.peak_bytes:.2f}" if mine else "",
                f"{work.most_memory:g}" if mine and work.most_memory else "",
                f"{one.loss:.3f}",
                f"{one.mfu:.0%}",
            )
    console.print(table)


if __name__ == "__main__":
    main()
