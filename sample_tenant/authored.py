"""Reads the authored text of a document: a small markdown with hold-out questions beside what answers them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_QUESTION = re.compile(r"^<!-- q: (?P<question>.+?) \| (?P<answer>.+?)(?: \| (?P<row>.+?))? -->$")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_STEP = re.compile(r"^\d+\. ")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading below the title; level 2 or 3."""

    level: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Bullets, or numbered steps."""

    items: tuple[str, ...]
    is_numbered: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells; the first row is the header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Listing | Table


@dataclass(frozen=True, kw_only=True)
class Question:
    """A hold-out question with its answer and the passage that supports it, as text extraction gives it."""

    question: str
    answer: str
    passage: str


@dataclass(frozen=True, kw_only=True)
class Manuscript:
    """One document before it has a format."""

    name: str
    """File name with the extension of the format to render."""
    title: str
    blocks: tuple[Block, ...]
    questions: tuple[Question, ...] = field(default=())

    def sections(self) -> Iterator[tuple[str, list[Block]]]:
        """Yield each level-2 heading with the blocks under it; what comes before the first stands under the title."""
        heading, blocks = self.title, list[Block]()
        for block in self.blocks:
            if isinstance(block, Heading) and block.level == 2:  # noqa: PLR2004 - '##'
                if blocks:
                    yield heading, blocks
                heading, blocks = block.text, []
            else:
                blocks.append(block)
        if blocks:
            yield heading, blocks


def read_manuscript(path: Path) -> Manuscript:
    """Read `<name>.<format>.md`; a question is answered by the first sentence or row above it that has its answer."""
    title, *parts = re.split(r"\n\s*\n", path.read_text("utf-8").strip())
    blocks: list[Block] = []
    questions: list[Question] = []
    for part in parts:
        lines = [line for line in part.splitlines() if not _QUESTION.match(line)]
        if lines:
            blocks.append(_block(lines))
        for line in part.splitlines():
            if match := _QUESTION.match(line):
                passage = _support(blocks[-1], match["answer"], match["row"], f"{path.name}: {match['question']}")
                questions.append(Question(question=match["question"], answer=match["answer"], passage=passage))
    return Manuscript(
        name=path.name.removesuffix(".md"),
        title=title.removeprefix("# "),
        blocks=tuple(blocks),
        questions=tuple(questions),
    )


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if first.startswith(("## ", "### ")):
        marks, text = first.split(" ", 1)
        return Heading(level=len(marks), text=text)
    if first.startswith("|"):
        rows = [tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in lines]
        return Table(rows=tuple(row for row in rows if set(row[0]) != {"-"}))
    if first.startswith("- "):
        return Listing(items=tuple(line.removeprefix("- ") for line in lines), is_numbered=False)
    if _STEP.match(first):
        return Listing(items=tuple(_STEP.sub("", line) for line in lines), is_numbered=True)
    return Paragraph(text=" ".join(lines))


def _support(block: Block, answer: str, row: str | None, where: str) -> str:
    candidates: list[str] = []
    match block:
        case Table(rows=rows) if row:
            candidates = ["| " + " | ".join(cells) + " |" for cells in rows if row in cells]
        case Table(rows=rows):
            candidates = [sentence for cells in rows for cell in cells for sentence in _SENTENCE.split(cell)]
        case Listing(items=items):
            candidates = [sentence for item in items for sentence in _SENTENCE.split(item)]
        case Paragraph(text=text) | Heading(text=text):
            candidates = _SENTENCE.split(text)
    found = [candidate for candidate in candidates if answer in candidate]
    if not found:
        msg = f"{where} has no supporting sentence in the block before it."
        raise ValueError(msg)
    return found[0]
