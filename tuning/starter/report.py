"""The starter's report card: what the shipped weights can do on rows nobody trained on, decoded greedily.

    python -m tuning.starter.report [--rows 200] [--seed 20261122]

Prints the card and writes it to REPORT.md beside this file.
"""

import argparse
import json
import math
import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tuning.domain.prompts import NOT_IN_DOCUMENTS, Message
from tuning.starter.rows import SIZES, Row, draft_row, question_row, summary_row, unread_row, writer_row

MODEL = Path(__file__).parent / "model"
CARD = Path(__file__).parent / "REPORT.md"
_CITATION = re.compile(r"\s*\[(\d+)\]\s*$")
_UNSEEN_SEED = 20261122


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the card."""

    skill: str
    right: float
    """How many were right; with shares of a row counted as such."""
    total: int
    bar: float
    """The share that has to be reached."""

    @property
    def share(self) -> float:
        """How much was right, from 0 to 1."""
        return self.right / self.total

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share (Wilson 1927)."""
        z, n, p = 1.96, self.total, self.share
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


class Starter:
    """The shipped model, for greedy answers."""

    def __init__(self, directory: Path = MODEL) -> None:
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(directory)
        self.model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            directory, dtype=torch.float32, use_safetensors=True
        )

    @torch.no_grad()
    def answer(self, messages: list[Message], *, longest: int = 400) -> str:
        """Return what the model says next, at most `longest` tokens."""
        prompt = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids = self.tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
        room = self.model.config.max_position_embeddings - ids.shape[1]
        written = self.model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=min(longest, room)
        )
        return str(self.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)).strip()


def split_citation(answer: str) -> tuple[str, int | None]:
    """Return the answer's text and the number of the passage it cites, if it cites one."""
    found = _CITATION.search(answer)
    return (answer[: found.start()].strip(), int(found.group(1))) if found else (answer.strip(), None)


def writer_score(row: Row, written: str) -> float:
    """Return the share of question lines that ask something and whose answer stands in the passage, word for word."""
    passage = row.messages[1]["content"]
    lines = [line for line in written.split("\n") if line.strip()]
    asked = [line[2:].strip() for line in lines if line.startswith("Q:")]
    answered = [line[2:].strip() for line in lines if line.startswith("A:")]
    if not asked or len(asked) != len(answered):
        return 0.0
    good = [
        len(question) > 8 and answer != "" and answer in passage
        for question, answer in zip(asked, answered, strict=True)
    ]
    return sum(good) / len(good)


def word_overlap(expected: str, written: str) -> float:
    """Return the F1 of the words in common (SQuAD, arXiv:1606.05250)."""
    left, right = expected.split(), written.split()
    common = sum(min(left.count(word), right.count(word)) for word in set(left))
    return 2 * common / (len(left) + len(right)) if left or right else 1.0


def _exact(row: Row, written: str) -> float:
    return float(written == row.messages[-1]["content"])


def _answer_exact(row: Row, written: str) -> float:
    return float(split_citation(written)[0] == split_citation(row.messages[-1]["content"])[0])


def _citation_right(row: Row, written: str) -> float:
    return float(split_citation(written)[1] == split_citation(row.messages[-1]["content"])[1])


def _overlap(row: Row, written: str) -> float:
    return word_overlap(row.messages[-1]["content"], written)


def _refused(_row: Row, written: str) -> float:
    return float(written == NOT_IN_DOCUMENTS)


@dataclass(frozen=True, kw_only=True)
class Exam:
    """Rows of one kind, and what is measured on them."""

    invent: Callable[[random.Random], Row]
    measures: tuple[tuple[str, Callable[[Row, str], float], float], ...]
    """Name of the figure, how one answer scores, and the bar."""
    longest: int = 60
    """The most tokens that an answer may have."""


def _questions(
    rng: random.Random,
    *,
    missing: float = 0.0,
    rephrase: float = 0.0,
    loosen: float = 0.0,
    everyday: float = 0.0,
    unseen: bool = False,
) -> Row:
    size = SIZES["middle" if rng.random() < 0.5 else "long"]
    return question_row(
        rng,
        passages=(2, 6),
        facts_each=size.facts_each,
        fillers=size.fillers,
        missing=missing,
        rephrase=rephrase,
        loosen=loosen,
        everyday=everyday,
        unseen=unseen,
    )


EXAMS = (
    Exam(
        invent=_questions,
        measures=(
            ("Answers from 2-6 passages, exact", _answer_exact, 0.95),
            ("Citation of the right passage", _citation_right, 0.9),
        ),
    ),
    Exam(
        invent=lambda rng: _questions(rng, rephrase=1.0),
        measures=(("Answers from 2-6 passages, asked with synonyms, exact", _answer_exact, 0.8),),
    ),
    Exam(
        invent=lambda rng: _questions(rng, loosen=1.0),
        measures=(("Answers from 2-6 passages, asked loosely, exact", _answer_exact, 0.8),),
    ),
    Exam(
        invent=lambda rng: _questions(rng, everyday=1.0),
        measures=(("Answers from 2-6 passages, asked in everyday words, exact", _answer_exact, 0.6),),
    ),
    Exam(
        invent=lambda rng: _questions(rng, everyday=1.0, unseen=True),
        measures=(("The same about topics that it never saw", _answer_exact, 0.5),),
    ),
    Exam(
        invent=lambda rng: question_row(
            rng, passages=(1, 2), facts_each=(1, 2), fillers=(0, 1), missing=0.0, loosen=0.0, everyday=0.0
        ),
        measures=(("Answers from 1-2 short passages, exact", _answer_exact, 0.95),),
    ),
    Exam(
        invent=lambda rng: _questions(rng, missing=1.0), measures=(("Says that the passages don't say", _refused, 0.9),)
    ),
    Exam(invent=unread_row, measures=(("Says so without any passage", _refused, 0.95),)),
    Exam(
        longest=250,
        invent=lambda rng: draft_row(rng, longest=8),
        measures=(("Drafts, whole document exact", _exact, 0.5), ("Drafts, word F1", _overlap, 0.9)),
    ),
    Exam(
        longest=200,
        invent=lambda rng: summary_row(rng, longest=8),
        measures=(
            ("Summaries, exactly the sentences that matter", _exact, 0.5),
            ("Summaries, word F1", _overlap, 0.85),
        ),
    ),
    Exam(
        longest=200,
        invent=lambda rng: writer_row(rng, facts=(1, 4), fillers=(0, 3)),
        measures=(("Written questions whose answer stands in the passage", writer_score, 0.9),),
    ),
)


def measure(starter: Starter, exam: Exam, *, seed: int, rows: int) -> list[Line]:
    """Return the exam's lines over this many unseen rows."""
    rng = random.Random(f"unseen {seed}")
    scores: dict[str, float] = {name: 0.0 for name, _, _ in exam.measures}
    for _ in range(rows):
        row = exam.invent(rng)
        written = starter.answer(row.messages[:-1], longest=exam.longest)
        for name, score, _ in exam.measures:
            scores[name] += score(row, written)
    return [Line(skill=name, right=scores[name], total=rows, bar=bar) for name, _, bar in exam.measures]


def render(lines: list[Line], *, seed: int, parameters: int, trained: dict[str, str]) -> str:
    """Return the card as markdown."""
    table = [
        f"| {line.skill} | {100 * line.share:.1f} % "
        f"| {100 * line.interval()[0]:.1f} - {100 * line.interval()[1]:.1f} % | {line.total} "
        f"| {100 * line.bar:.0f} % | {'yes' if line.share >= line.bar else 'no'} |"
        for line in lines
    ]
    about = "\n".join(f"- {name}: {value}" for name, value in trained.items())
    return (
        "# Report card of the starter\n\n"
        "Measured on rows that the recipe invents from a seed it never trains on, decoded greedily, whole answers\n"
        "compared. The rows come from the same recipe as the training text, so these figures say how well the\n"
        "skills were learned, not how well they carry over to documents that somebody wrote.\n\n"
        "| Skill | Right | 95 % interval | Rows | Bar | Reached |\n| --- | --- | --- | --- | --- | --- |\n"
        + "\n".join(table)
        + f"\n\n- Seed of this examination: {seed}\n- Parameters: {parameters:,}\n{about}\n"
    )


def main() -> int:
    """Examine the shipped model, print the card and write it; return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=200, help="rows for each skill")
    parser.add_argument("--seed", type=int, default=_UNSEEN_SEED, help="seed of the unseen rows")
    asked = parser.parse_args()
    starter = Starter()
    lines: list[Line] = []
    for exam in EXAMS:
        for line in measure(starter, exam, seed=asked.seed, rows=asked.rows):
            lines.append(line)
            sys.stdout.write(f"{line.skill:55} {100 * line.share:5.1f} %  (bar {100 * line.bar:.0f} %)\n")
            sys.stdout.flush()
    trained = json.loads((MODEL / "training.json").read_text())
    CARD.write_text(render(lines, seed=asked.seed, parameters=starter.model.num_parameters(), trained=trained))
    return int(any(line.share < line.bar for line in lines))


if __name__ == "__main__":
    sys.exit(main())
