"""Text out of pdf as markdown: headings by the size of letters, ruled tables as tables. The door to pdfplumber."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pdfplumber

_LARGER = 1.12
"""Times the size of the body's letters from which a line is a heading."""
_LONGEST_HEADING = 90
_PAGE_NUMBER = re.compile(r"(?:page\s+)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,4}")
_PARAGRAPH_GAP = 0.6
"""Of the letters' height: white above a line from which it begins a paragraph."""


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A line of text, or a whole table, at its place on the page."""

    top: float
    bottom: float
    text: str
    size: float
    """Of its letters, rounded; 0 for a table."""
    is_bold: bool


def pdf_markdown(content: bytes) -> str:
    """Return the text of a pdf; empty when its pages are pictures."""
    pages = []
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            pages.append(sorted(_lines(page), key=lambda line: line.top))
            page.close()
    pages = _without_numbers(pages)
    sizes: Counter[float] = Counter()
    for page_lines in pages:
        for line in page_lines:
            sizes[line.size] += len(line.text) if line.size else 0
    body = max(sizes, key=lambda size: (sizes[size], -size), default=0.0)
    levels = sorted((size for size in sizes if size > body * _LARGER), reverse=True)[:3]
    return "\n\n".join("\n".join(_marked(page_lines, body, levels)) for page_lines in pages)


def _without_numbers(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Return the pages without their numbers: first or last lines that say so, or that count on from page to page."""
    shifts: Counter[int] = Counter()
    for number, lines in enumerate(pages, start=1):
        shifts.update({int(line.text) - number for line in (*lines[:1], *lines[-1:]) if _NUMBER.fullmatch(line.text)})

    def is_number(line: _Line, number: int) -> bool:
        if _NUMBER.fullmatch(line.text):
            shift = int(line.text) - number
            return shift == 0 or shifts[shift] > 1
        return _PAGE_NUMBER.fullmatch(line.text) is not None

    return [
        [line for place, line in enumerate(lines) if 0 < place < len(lines) - 1 or not is_number(line, number)]
        for number, lines in enumerate(pages, start=1)
    ]


def _lines(page: Any) -> Iterator[_Line]:
    tables = page.find_tables()
    for table in tables:
        _, top, _, bottom = table.bbox
        rows = [" | ".join(" ".join((cell or "").split()) for cell in row) for row in table.extract()]
        text = "\n".join(f"| {row} |" for row in rows if row.strip(" |"))
        yield _Line(top=top, bottom=bottom, text=text, size=0.0, is_bold=False)
    boxes = [table.bbox for table in tables]

    def is_outside(found: dict[str, Any]) -> bool:
        x, y = (found["x0"] + found["x1"]) / 2, (found["top"] + found["bottom"]) / 2
        return not any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)

    beside = page.filter(lambda found: found["object_type"] != "char" or is_outside(found)) if boxes else page
    for line in beside.extract_text_lines(strip=True, return_chars=True):
        letters = [char for char in line["chars"] if not char["text"].isspace()]
        sizes = Counter(round(char["size"] * 2) / 2 for char in letters)
        yield _Line(
            top=line["top"],
            bottom=line["bottom"],
            text=line["text"],
            size=max(sizes, key=lambda size: sizes[size], default=0.0),
            is_bold=bool(letters) and all("bold" in char["fontname"].lower() for char in letters),
        )


def _marked(lines: Sequence[_Line], body: float, levels: Sequence[float]) -> Iterator[str]:
    before: _Line | None = None
    for line in lines:
        level = levels.index(line.size) + 1 if line.size in levels else 0
        if (
            not level
            and line.is_bold
            and line.size
            and len(line.text) <= _LONGEST_HEADING
            and line.text[-1:] not in ".:,;"
        ):
            level = len(levels) + 1
        is_apart = before is None or line.top - before.bottom > _PARAGRAPH_GAP * (body or 10.0)
        if is_apart or level or not line.size or (before is not None and (not before.size or before.size != line.size)):
            yield ""
        yield f"{'#' * level} {line.text}" if level and len(line.text) <= _LONGEST_HEADING else line.text
        if level:
            yield ""
        before = line
