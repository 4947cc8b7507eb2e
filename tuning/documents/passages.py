"""A document's text cut into passages that each make sense alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tuning.documents.markup import Block, BlockKind, blocks, sentences

MAX_CHARACTERS = 640
"""Of a passage: about 110 words; four of them, with titles, fit a small model's prompt of 1,200 tokens."""
_ENOUGH = 420
"""A passage that long takes no further paragraph under the same heading."""
_TABLE_RULE = "---"
_KEPT = 2**12
"""Passages whose units are kept: each is looked into for many questions."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A passage, before it is stored."""

    position: int
    """0, 1, 2 ... in the document."""
    heading: str
    """The headings above it, outermost first, joined by ' > '; without the document's title."""
    text: str


@dataclass(frozen=True)
class _Unit:
    """What is not cut: a sentence, a list item, a table's row, a question with the beginning of its answer."""

    text: str
    separator: str
    """What stands between it and the unit before it in the same passage."""
    head: str = ""
    """The head of the table that it is a row of; it must stand above it."""


def title(markdown: str) -> str:
    """Return the document's own title: the heading that it begins with, or its only one of the first level; else ''."""
    found = blocks(markdown)
    first = [it.lines[0] for it in found if it.kind is BlockKind.HEADING and it.level == 1]
    if found and found[0].kind is BlockKind.HEADING:
        return found[0].lines[0]
    return first[0] if len(first) == 1 else ""


def split(markdown: str) -> list[Chunk]:
    """Cut a document into passages of at most MAX_CHARACTERS.

    Short sections that follow each other share a passage, each under its heading. Nothing is cut within a sentence or
    a row of a table, unless that alone is longer than a passage; rows carry their table's head with them; a question
    stays with the beginning of its answer. Text is kept in order, and none of it is lost; a heading that has no text
    under it is kept as text.
    """
    pieces = [
        _Piece(path=path, text=text)
        for path, section in _sections(blocks(markdown), title(markdown))
        for text in _packed(list(_units(section)))
    ]
    return [
        Chunk(position=number, heading=" > ".join(_shared(group)), text=_under_headings(group))
        for number, group in enumerate(_grouped(pieces))
    ]


@lru_cache(_KEPT)
def units(text: str) -> tuple[str, ...]:
    """Return what of a passage can stand alone, in order; never nothing.

    That is each sentence, list item, question with the beginning of its answer, and row under its table's head.
    """
    found = list(_units(blocks(text), sentence_from=0))
    return tuple(f"{unit.head}\n{unit.text}" if unit.head else unit.text for unit in found) or (text,)


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Text under one heading, or part of it."""

    path: tuple[str, ...]
    """The headings above it, outermost first."""
    text: str


def _grouped(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield runs of pieces that fit one passage together; a piece that is long enough stays alone."""
    group: list[_Piece] = []
    for piece in pieces:
        is_same = bool(group) and group[-1].path == piece.path
        if group and (is_same or len(_under_headings([*group, piece])) > MAX_CHARACTERS):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _shared(group: list[_Piece]) -> tuple[str, ...]:
    """Return the headings that all pieces have above them."""
    path = group[0].path
    for piece in group[1:]:
        same = [one == other for one, other in zip(path, piece.path, strict=False)]
        path = path[: same.index(False) if False in same else len(same)]
    return path


def _under_headings(group: list[_Piece]) -> str:
    """Return the pieces' text, each under those of its headings that the others don't share."""
    shared = len(_shared(group))
    lines = []
    for piece in group:
        own = " > ".join(piece.path[shared:])
        lines.append(f"{own}\n{piece.text}" if own else piece.text)
    return "\n\n".join(lines)


def _sections(found: list[Block], document_title: str) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    is_bare = False  # whether the last heading has nothing under it yet
    for block in found:
        if block.kind is not BlockKind.HEADING:
            section.append(block)
            is_bare = False
            continue
        if section:
            yield _texts(path), section
            section = []
        if document_title == block.lines[0]:
            document_title = ""
            continue
        if is_bare and path and path[-1][0] >= block.level:
            yield _texts(path[:-1]), [Block(kind=BlockKind.PARAGRAPH, lines=(path[-1][1],))]
        path = [entry for entry in path if entry[0] < block.level] + [(block.level, block.lines[0])]
        is_bare = True
    if section:
        yield _texts(path), section
    elif is_bare:
        yield _texts(path[:-1]), [Block(kind=BlockKind.PARAGRAPH, lines=(path[-1][1],))]


def _texts(path: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(text for _, text in path)


def _units(section: list[Block], *, sentence_from: int = _ENOUGH // 2) -> Iterator[_Unit]:
    """Yield the units of a section; a paragraph is cut into sentences if it has more characters than given."""
    question = ""
    for block in section:
        if block.kind is BlockKind.TABLE:
            if question:
                yield _Unit(question, "\n")
                question = ""
            yield from _rows(block)
            continue
        text = block.lines[0]
        if block.kind is BlockKind.PARAGRAPH and _is_question(text):
            if question:
                yield _Unit(question, "\n")
            question = text
            continue
        whole = [f"- {text}"] if block.kind is BlockKind.ITEM and not text[:1].isdigit() else [text]
        pieces = [piece for part in whole for piece in (sentences(part) if len(part) > sentence_from else [part])]
        if question:
            pieces[0] = f"{question}\n{pieces[0]}"
            question = ""
        for number, piece in enumerate(pieces):
            for half in _halves(piece):
                yield _Unit(half, " " if number else "\n")
    if question:
        yield _Unit(question, "\n")


def _is_question(text: str) -> bool:
    return text.endswith("?") and len(text) <= _ENOUGH and len(sentences(text)) == 1


def _rows(table: Block) -> Iterator[_Unit]:
    head, *rows = table.lines
    columns = head.count(" | ") + 1
    top = f"{head}\n| {' | '.join([_TABLE_RULE] * columns)} |"
    if len(top) > MAX_CHARACTERS // 2:
        top = ""
        rows = list(table.lines)
    for row in rows:
        if len(top) + 1 + len(row) <= MAX_CHARACTERS:
            yield _Unit(row, "\n", top)
        else:
            for half in _halves(row):
                yield _Unit(half, "\n")
    if not rows:
        yield _Unit(head, "\n")


def _halves(text: str) -> Iterator[str]:
    """Yield the text; in pieces, between words where there are any, when it alone is longer than a passage."""
    while len(text) > MAX_CHARACTERS:
        at = text.rfind(" ", MAX_CHARACTERS // 2, MAX_CHARACTERS)
        cut = at if at > 0 else MAX_CHARACTERS
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _packed(units: list[_Unit]) -> Iterator[str]:
    text, head = "", ""
    for unit in units:
        opening = f"{unit.head}\n{unit.text}" if unit.head else unit.text
        addition = unit.text if unit.head and unit.head == head else opening
        begins = unit.separator == "\n"
        is_full = len(text) + 1 + len(addition) > MAX_CHARACTERS or (begins and len(text) > _ENOUGH)
        if text and (is_full or bool(unit.head) != bool(head)) and not (text.endswith(":") and not is_full):
            yield text
            text, addition = "", opening
        text = f"{text}{unit.separator}{addition}" if text else addition
        head = unit.head
    if text:
        yield text
