"""Questions that a document asks and answers itself: lists of questions and answers, and tables."""

import re
from collections.abc import Iterator

from tuning.datasets.questions import Context, Question
from tuning.documents.markup import sentences
from tuning.domain.datasets import Origin

_ASKED = re.compile(
    r"^(?:-\s+)?(?:Q\s*\d*\s*[:.)]\s*)?(?P<question>[^|]{5,300}\?)\s*(?:A\s*\d*\s*[:.)]\s*(?P<answer>\S.*))?$"
)
_ASKING = re.compile(r"(?:who|what|when|where|which|how|measures)\b", re.IGNORECASE)
_ANSWER_LABEL = re.compile(r"^A\s*\d*\s*[:.)]\s*")
_QUESTION_HEADS = {"question", "questions", "frage", "q"}
_ANSWER_HEADS = {"answer", "answers", "a"}
_MAX_ANSWER_WORDS = 16
_TWO = 2


def lists(context: Context) -> Iterator[Question]:
    """Yield what is asked by a line or a heading that ends with a question mark, and answered below it."""
    heading = context.passage.heading.split(" > ")[-1]
    lines = context.passage.text.split("\n")
    asked = heading if heading.endswith("?") else ""
    answer: list[str] = []
    for line in [*lines, "?"]:
        found = _ASKED.match(line)
        if found or line == "?":
            if asked and answer:
                yield from _explicit(context, asked, " ".join(answer))
            asked, answer = (found["question"], [found["answer"]] if found["answer"] else []) if found else ("", [])
        elif asked and not line.startswith("|"):
            answer.append(_ANSWER_LABEL.sub("", line))


def tables(context: Context) -> Iterator[Question]:
    """Yield a question for every cell of a table, by the names of its row and column; or the pairs that it lists."""
    lines = [line for line in context.passage.text.split("\n") if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    if len(rows) < _TWO:
        return
    head, *body = rows
    if len(head) == _TWO and head[0].lower() in _QUESTION_HEADS and head[1].lower() in _ANSWER_HEADS:
        for row in body:
            if len(row) == _TWO and all(row):
                yield from _explicit(context, row[0], row[1])
        return
    for row in body:
        if len(row) == len(head) and row[0]:
            for column, cell in list(zip(head, row, strict=True))[1:]:
                if column and cell and len(cell.split()) <= _MAX_ANSWER_WORDS:
                    yield _cell(context, head[0], row[0], column, cell)


def _explicit(context: Context, asked: str, answer: str) -> Iterator[Question]:
    """Yield the question with its answer: one sentence of it, because the next ones say more than was asked."""
    said = sentences(answer)
    if said:
        text = asked if asked.endswith("?") else f"{asked}?"
        yield Question(origin=Origin.LIST, text=text, answer=said[0].removesuffix("."), context=context, made_by="list")


def _cell(context: Context, kind: str, row: str, column: str, cell: str) -> Question:
    thing = column[:1].lower() + column[1:] if column[1:2].islower() or len(column) == 1 else column
    named = f"{kind.lower()} {row}" if kind and row.replace(".", "").isalnum() and len(row) <= _TWO else row
    is_plural = thing.endswith("s") and not thing.endswith(("ss", "us"))
    text = f"What {'are' if is_plural else 'is'} the {thing} for {named}?"
    if _ASKING.match(thing):
        text = f"{named}: {thing}?"
    return Question(origin=Origin.TABLE, text=text, answer=cell, context=context, made_by="table")
