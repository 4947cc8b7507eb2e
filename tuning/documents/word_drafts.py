"""A draft as a Word file: its markdown in the styles of a precedent, and none of the precedent's words."""

import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from tuning.documents.markup import plain

MAX_PRECEDENT = 10 * 2**20
"""Bytes of a precedent, packed; a larger one lends no styles."""
MAX_UNPACKED = 64 * 2**20
_LOOKS = {
    RELATIONSHIP_TYPE.STYLES,
    RELATIONSHIP_TYPE.NUMBERING,
    RELATIONSHIP_TYPE.THEME,
    RELATIONSHIP_TYPE.FONT_TABLE,
}
"""The parts that say how text looks. Settings may name a template on somebody's server, all others hold words."""
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_BULLET = re.compile(r"^\s*[-*+\u2022]\s+(.+)$")
_NUMBERED = re.compile(r"^\s*(\d{1,3}[.)])\s+(.+)$")
_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_RULE = re.compile(r"^[\s|:*_-]*[-*_]{3}[\s|:*_-]*$")
_BOLD = re.compile(r"(?:\*\*|__)(?=\S)(.+?)(?<=\S)(?:\*\*|__)")
# XML has no word for these characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class _Looks:
    """The names of the styles that a document puts its parts in; empty where it has none."""

    body: str
    bullet: str
    table: str
    is_titled: bool
    """Whether it begins with a title, and its headings count from one below."""


def word_draft(markdown: str, precedent: bytes = b"") -> bytes:
    """Return a docx of a draft, in the styles, lists, table style and page of a precedent that is one.

    A precedent that is empty, too large or no readable docx lends nothing: the styles are then those of any document.
    Of its text, pictures, headers, comments and properties nothing is taken.
    """
    document = _opened(precedent) or docx.Document()
    looks = _looks(document)
    _empty(document)
    _write(document, looks, _CONTROL.sub("", markdown).splitlines())
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _opened(precedent: bytes) -> Document | None:
    if not precedent or len(precedent) > MAX_PRECEDENT:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(precedent)) as package:
            if sum(entry.file_size for entry in package.infolist()) > MAX_UNPACKED:
                return None
        return docx.Document(io.BytesIO(precedent))
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, AttributeError):
        return None  # a broken package, in the ways that python-docx meets one


def _looks(document: Document) -> _Looks:
    used = Counter(_style(paragraph) for paragraph in document.paragraphs if paragraph.text.strip())
    names = {style.name for style in document.styles if style.type is WD_STYLE_TYPE.PARAGRAPH}
    body = [name for name, _ in used.most_common() if not name.startswith(("Heading", "Title", "Subtitle", "List"))]
    tables = [table.style.name for table in document.tables if table.style is not None and table.style.name]
    known = {style.name for style in document.styles if style.type is WD_STYLE_TYPE.TABLE}
    return _Looks(
        body=body[0] if body else "",
        bullet="List Bullet" if "List Bullet" in names else "",
        table=tables[0] if tables else "Table Grid" if "Table Grid" in known else "",
        is_titled="Title" in used,
    )


def _style(paragraph: Paragraph) -> str:
    return (paragraph.style.name if paragraph.style is not None else "") or ""


def _empty(document: Document) -> None:
    """Take out everything but looks: of the body only the last section's page is left."""
    body = document.element.body
    for element in list(body):
        if element.tag != qn("w:sectPr"):
            body.remove(element)
    for section in body.iter(qn("w:sectPr")):
        for element in list(section):
            if element.tag in {qn("w:headerReference"), qn("w:footerReference")}:
                section.remove(element)
    for key, relation in list(document.part.rels.items()):
        if relation.reltype not in _LOOKS:
            del document.part.rels[key]
    package = document.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype != RELATIONSHIP_TYPE.OFFICE_DOCUMENT:  # properties name its author and its title
            del package.rels[key]


def _write(document: Document, looks: _Looks, lines: list[str]) -> None:
    table: list[list[str]] = []
    for line in [*lines, ""]:
        row = _ROW.match(line)
        if table and not row:
            _add_table(document, looks, table)
            table = []
        if not line.strip() or _RULE.match(line):
            continue
        if row:
            table.append([plain(cell) for cell in row[1].split("|")])
        elif heading := _HEADING.match(line):
            _add_heading(document, looks, len(heading[1]), plain(heading[2]))
        elif bullet := _BULLET.match(line):
            _add_item(document, looks.bullet, "\u2022", bullet[1], looks)
        elif numbered := _NUMBERED.match(line):
            # The number is the draft's own text: Word's would go on counting from one list to the next.
            _add_item(document, "", numbered[1], numbered[2], looks)
        else:
            _add_runs(document.add_paragraph(style=looks.body or None), line)


def _add_heading(document: Document, looks: _Looks, level: int, text: str) -> None:
    depth = level - 1 if looks.is_titled else level
    name = f"Heading {depth}" if depth else "Title"
    if any(style.name == name for style in document.styles):
        document.add_paragraph(text, style=name)
    else:
        document.add_paragraph(style=looks.body or None).add_run(text).bold = True


def _add_item(document: Document, style: str, mark: str, text: str, looks: _Looks) -> None:
    paragraph = document.add_paragraph(style=style or looks.body or None)
    if not style:
        paragraph.add_run(f"{mark} ")
    _add_runs(paragraph, text)


def _add_table(document: Document, looks: _Looks, rows: list[list[str]]) -> None:
    table = document.add_table(len(rows), max(map(len, rows)), style=looks.table or None)
    for cells, row in zip(rows, table.rows, strict=True):
        for text, cell in zip(cells, row.cells, strict=False):
            cell.text = text


def _add_runs(paragraph: Paragraph, markdown: str) -> None:
    for number, piece in enumerate(_BOLD.split(markdown)):
        if words := plain(piece):
            before, after = piece[:1].isspace(), piece[-1:].isspace()
            run = paragraph.add_run(f"{' ' * before}{words}{' ' * after}")
            run.bold = True if number % 2 else None
