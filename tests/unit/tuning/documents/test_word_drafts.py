import io
import zipfile

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.shared import Cm, RGBColor

from tuning.documents import word_drafts
from tuning.documents.word_drafts import word_draft

DRAFT = """# Offer for Rothmere

Dear **Ms Farrugia**, we offer this.

- nine sensors
1. a calibration

| Work | Price |
|------|-------|
| Calibration | 2,160 euros |

## Terms
Valid for 20 days.
"""


def precedent():
    document = docx.Document()
    document.styles["Heading 2"].font.color.rgb = RGBColor(0x12, 0x34, 0x56)
    document.styles.add_style("House", WD_STYLE_TYPE.PARAGRAPH)
    document.sections[0].left_margin = Cm(4)
    document.sections[0].header.paragraphs[0].text = "Zanzibarquokka"
    document.core_properties.author = "Zanzibarquokka"
    document.add_heading("Zanzibarquokka")
    paragraph = document.add_paragraph("Zanzibarquokka", style="House")
    document.add_comment(paragraph.runs, text="Zanzibarquokka", author="Zanzibarquokka")
    document.add_table(1, 1, style="Light Grid").cell(0, 0).text = "Zanzibarquokka"
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def opened(content):
    return docx.Document(io.BytesIO(content))


def shown(document):
    return [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs]


def test_a_draft_keeps_the_styles_table_and_page_of_its_precedent():
    made = opened(word_draft(DRAFT, precedent()))
    assert shown(made) == [
        ("Heading 1", "Offer for Rothmere"),
        ("House", "Dear Ms Farrugia, we offer this."),
        ("List Bullet", "nine sensors"),
        ("House", "1. a calibration"),
        ("Heading 2", "Terms"),
        ("House", "Valid for 20 days."),
    ]
    assert [run.text for run in made.paragraphs[1].runs if run.bold] == ["Ms Farrugia"]
    assert made.tables[0].style.name == "Light Grid"
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows] == [
        ["Work", "Price"],
        ["Calibration", "2,160 euros"],
    ]
    assert made.styles["Heading 2"].font.color.rgb == RGBColor(0x12, 0x34, 0x56)
    assert made.sections[0].left_margin == pytest.approx(Cm(4), rel=0.001)  # kept in twentieths of a point


def test_no_word_of_the_precedent_is_in_the_draft():
    with zipfile.ZipFile(io.BytesIO(precedent())) as package:
        assert any(b"Zanzibarquokka" in package.read(name) for name in package.namelist())
    with zipfile.ZipFile(io.BytesIO(word_draft(DRAFT, precedent()))) as package:
        assert [name for name in package.namelist() if b"Zanzibarquokka" in package.read(name)] == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 is no zip", b"%PDF-1.7"])
def test_a_precedent_that_is_no_word_file_lends_nothing(content):
    assert shown(opened(word_draft("# Offer\nText", content))) == [("Heading 1", "Offer"), ("Normal", "Text")]


def test_a_precedent_that_unpacks_to_too_much_lends_nothing(monkeypatch):
    monkeypatch.setattr(word_drafts, "MAX_UNPACKED", 1_000)
    assert ("House", "Text") not in shown(opened(word_draft("Text", precedent())))


def test_characters_that_xml_lacks_are_left_out():
    assert shown(opened(word_draft("a\x00b\x0bc"))) == [("Normal", "abc")]
