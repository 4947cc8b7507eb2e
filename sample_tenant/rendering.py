"""Renders a manuscript as docx, pdf, html, md, pptx or xlsx, the same bytes every time."""

import html
import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import docx
import openpyxl
import pptx
from openpyxl.styles import Alignment, Font
from PIL import Image, ImageDraw, ImageFont
from pptx.slide import Slide
from pptx.util import Inches
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, ListFlowable, ListItem, SimpleDocTemplate, Spacer
from reportlab.platypus import Paragraph as PdfParagraph
from reportlab.platypus import Table as PdfTable

from sample_tenant.authored import Block, Heading, Listing, Manuscript, Paragraph, Table

COMPANY = "Brenvale Instruments"
WRITTEN_AT = datetime(2026, 3, 2, 9, 0, 0)  # noqa: DTZ001 - the libraries take naive times
_ZIP_TIME = (2026, 3, 2, 9, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def render(manuscript: Manuscript, path: Path) -> None:
    """Write the manuscript to the path in the format of its extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_RENDERERS[path.suffix](manuscript))


def settle_zip(content: bytes) -> bytes:
    """Return an Office file with every time in it replaced by a fixed one."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in source.namelist():
            data = _MODIFIED.sub(rb"\g<1>2026-03-02T09:00:00Z\g<2>", source.read(name))
            member = zipfile.ZipInfo(name, _ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            settled.writestr(member, data)
    return target.getvalue()


def scan(title: str, lines: list[str], path: Path) -> None:
    """Write a one-page pdf that is only the picture of a page, as a scanner makes it."""
    page = Image.new("L", (826, 1169), 244)
    pen = ImageDraw.Draw(page)
    pen.text((90, 90), title, font=ImageFont.load_default(28), fill=50)
    for number, line in enumerate(lines):
        pen.text((90, 160 + 34 * number), line, font=ImageFont.load_default(19), fill=70)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    canvas.drawImage(ImageReader(page.rotate(0.8, fillcolor=236)), 0, 0, *A4)
    canvas.save()
    path.write_bytes(target.getvalue())


def _docx(manuscript: Manuscript) -> bytes:
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author = manuscript.title, COMPANY
    properties.created = properties.modified = WRITTEN_AT
    if manuscript.title:
        document.add_heading(manuscript.title, level=1)
    for block in manuscript.blocks:
        match block:
            case Heading(level=level, text=text):
                document.add_heading(text, level=level)
            case Paragraph(text=text):
                document.add_paragraph(text)
            case Listing(items=items, is_numbered=is_numbered):
                for item in items:
                    document.add_paragraph(item, style="List Number" if is_numbered else "List Bullet")
            case Table(rows=rows):
                table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
                for row, cells in zip(table.rows, rows, strict=True):
                    for cell, text in zip(row.cells, cells, strict=True):
                        cell.text = text
    target = io.BytesIO()
    document.save(target)
    return settle_zip(target.getvalue())


def _pdf(manuscript: Manuscript) -> bytes:
    styles = getSampleStyleSheet()
    story: list[Flowable] = [PdfParagraph(html.escape(manuscript.title), styles["Title"])]
    for block in manuscript.blocks:
        match block:
            case Heading(level=level, text=text):
                story.append(PdfParagraph(html.escape(text), styles[f"Heading{level}"]))
            case Paragraph(text=text):
                story.append(PdfParagraph(html.escape(text), styles["BodyText"]))
            case Listing(items=items, is_numbered=is_numbered):
                entries = [ListItem(PdfParagraph(html.escape(item), styles["BodyText"])) for item in items]
                story.append(ListFlowable(entries, bulletType="1" if is_numbered else "bullet"))
            case Table(rows=rows):
                grid = PdfTable([list(row) for row in rows], hAlign="LEFT")
                grid.setStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey)])
                story += [grid, Spacer(1, 8)]
    target = io.BytesIO()
    SimpleDocTemplate(
        target, pagesize=A4, title=manuscript.title, author=COMPANY, invariant=1, pageCompression=0
    ).build(story)
    return target.getvalue()


def _html(manuscript: Manuscript) -> bytes:
    def element(block: Block) -> str:
        match block:
            case Heading(level=level, text=text):
                return f"<h{level}>{html.escape(text)}</h{level}>"
            case Paragraph(text=text):
                return f"<p>{html.escape(text)}</p>"
            case Listing(items=items, is_numbered=is_numbered):
                tag = "ol" if is_numbered else "ul"
                return f"<{tag}>\n" + "".join(f"<li>{html.escape(item)}</li>\n" for item in items) + f"</{tag}>"
            case Table(rows=(header, *rows)):
                head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
                body = ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
                return "\n".join(["<table>", f"<tr>{head}</tr>", *body, "</table>"])
            case _:
                msg = f"A table in {manuscript.name} has no rows."
                raise ValueError(msg)

    title = html.escape(manuscript.title)
    body = "\n".join(element(block) for block in manuscript.blocks)
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    ).encode()


def _md(manuscript: Manuscript) -> bytes:
    def lines(block: Block) -> list[str]:
        match block:
            case Heading(level=level, text=text):
                return [f"{'#' * level} {text}"]
            case Paragraph(text=text):
                return [text]
            case Listing(items=items, is_numbered=is_numbered):
                return [f"{number}. {item}" if is_numbered else f"- {item}" for number, item in enumerate(items, 1)]
            case Table(rows=(header, *rows)):
                return ["| " + " | ".join(cells) + " |" for cells in (header, ("---",) * len(header), *rows)]
            case _:
                msg = f"A table in {manuscript.name} has no rows."
                raise ValueError(msg)

    parts = [f"# {manuscript.title}"] if manuscript.title else []
    parts += ["\n".join(lines(block)) for block in manuscript.blocks]
    return ("\n\n".join(parts) + "\n").encode()


def _pptx(manuscript: Manuscript) -> bytes:
    deck = pptx.Presentation()
    properties = deck.core_properties
    properties.title, properties.author = manuscript.title, COMPANY
    properties.created = properties.modified = WRITTEN_AT
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    cover.shapes.title.text = manuscript.title
    cover.placeholders[1].text = COMPANY
    for heading, blocks in manuscript.sections():
        lines = [line for block in blocks for line in _slide_lines(block)]
        slide = deck.slides.add_slide(deck.slide_layouts[1 if lines else 5])
        slide.shapes.title.text = heading
        if lines:
            body = slide.placeholders[1].text_frame
            body.text = lines[0]
            for line in lines[1:]:
                body.add_paragraph().text = line
        for table in blocks:
            if isinstance(table, Table):
                _add_slide_table(slide, table)
    target = io.BytesIO()
    deck.save(target)
    return settle_zip(target.getvalue())


def _slide_lines(block: Block) -> tuple[str, ...]:
    match block:
        case Heading(text=text) | Paragraph(text=text):
            return (text,)
        case Listing(items=items):
            return items
        case Table():
            return ()


def _add_slide_table(slide: Slide, table: Table) -> None:
    size = Inches(8.5), Inches(0.4 * len(table.rows))
    frame = slide.shapes.add_table(len(table.rows), len(table.rows[0]), Inches(0.7), Inches(1.8), *size)
    for row, cells in enumerate(table.rows):
        for column, text in enumerate(cells):
            frame.table.cell(row, column).text = text


def _xlsx(manuscript: Manuscript) -> bytes:
    book = openpyxl.Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    book.properties.title, book.properties.creator = manuscript.title, COMPANY
    book.properties.created = WRITTEN_AT
    for heading, blocks in manuscript.sections():
        (table,) = blocks
        if not isinstance(table, Table):
            msg = f"{manuscript.name}: a sheet holds one table, and '{heading}' holds something else."
            raise TypeError(msg)
        sheet = book.create_sheet(heading)
        for row in table.rows:
            sheet.append(row)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for column in sheet.columns:
            longest = max(len(str(cell.value)) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(longest + 2, 60)
            for cell in column:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    target = io.BytesIO()
    book.save(target)
    return settle_zip(target.getvalue())


_RENDERERS: dict[str, Callable[[Manuscript], bytes]] = {
    ".docx": _docx,
    ".pdf": _pdf,
    ".html": _html,
    ".md": _md,
    ".pptx": _pptx,
    ".xlsx": _xlsx,
}
