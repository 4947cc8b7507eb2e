"""Every format that is read, and every kind of file that is refused with a sentence of its own."""

import io
import zipfile

import docx
import openpyxl
import pptx
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tuning.documents import errors
from tuning.documents.extraction import Extractor


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


def write_docx(path):
    document = docx.Document()
    document.add_heading("Leave", 1)
    document.add_paragraph("You have 27 days.")
    document.save(path)


def write_pptx(path):
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Leave"
    slide.placeholders[1].text = "You have 27 days."
    deck.save(path)


def write_xlsx(path):
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Leave", 0)
    sheet.append(["Country", "Leave"])
    sheet.append(["Norway", "You have 27 days."])
    book.save(path)


def write_pdf(path, *, text="You have 27 days.", password=None):
    canvas = Canvas(str(path), pagesize=A4, encrypt=StandardEncryption(password) if password else None)
    if text:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(72, 780, "Leave")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 740, text)
    else:
        canvas.rect(72, 700, 100, 100, fill=1)
    canvas.save()


def write_text(text):
    return lambda path: path.write_text(text)


@pytest.mark.parametrize(
    ("name", "write", "expected"),
    [
        ("leave.docx", write_docx, "# Leave"),
        ("leave.pptx", write_pptx, "# Leave"),
        ("leave.xlsx", write_xlsx, "| Norway |"),
        ("leave.pdf", write_pdf, "# Leave"),
        ("leave.html", write_text("<h1>Leave</h1><script>x</script><p>You have 27 days.</p>"), "# Leave"),
        ("leave.aspx", write_text("<%@ Page %><h1>Leave</h1><p>You have 27 days.</p>"), "# Leave"),
        ("leave.csv", write_text("Country,Leave\nNorway,You have 27 days.\n"), "| Norway |"),
        ("leave.md", write_text("# Leave\n\nYou have 27 days.\n"), "# Leave"),
        ("LEAVE.TXT", lambda path: path.write_bytes("Café: You have 27 days.".encode("cp1252")), "Café"),
    ],
)
def test_text_comes_out_of_every_format(tmp_path, extractor, name, write, expected):
    write(tmp_path / name)

    text = extractor.extract(tmp_path / name)

    assert expected in text
    assert "You have 27 days." in text


def write_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("word/document.xml", bytes(201 * 2**20))


def write_many_parts(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for number in range(30):
            package.writestr(f"xl/part{number}.xml", bytes(8 * 2**20))


def write_xml_bomb(path):
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a0 "ha ha ha">{entities}]>'
    replace_part(path, write_docx, "word/document.xml", lambda part: bomb + part.replace("You have", "&a11;"))


def write_xml_thief(path):
    thief = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY t SYSTEM "file:///etc/passwd">]>'
    replace_part(path, write_docx, "word/document.xml", lambda part: thief + part.replace("You have", "&t;"))


def replace_part(path, write, name, change):
    content = io.BytesIO()
    write(content)
    with zipfile.ZipFile(content) as package, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in package.namelist():
            part = package.read(entry)
            if entry == name:
                part = change(part.decode().partition("?>")[2]).encode()
            made.writestr(entry, part)


def write_macros(write, folder):
    def make(path):
        write(path)
        with zipfile.ZipFile(path, "a") as package:
            package.writestr(f"{folder}/vbaProject.bin", b"Sub AutoOpen()")

    return make


def write_mislabelled(write):
    def make(path):
        write(path.with_suffix(".real"))
        path.write_bytes(path.with_suffix(".real").read_bytes())

    return make


def write_truncated(path):
    content = io.BytesIO()
    write_docx(content)
    path.write_bytes(content.getvalue()[:2000])


def cut(path, write):
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "write", "error"),
    [
        ("old.doc", write_text("x"), errors.NotSupported),
        ("photo.png", write_text("x"), errors.NotSupported),
        ("empty.docx", write_text(""), errors.EmptyDocument),
        ("blank.txt", write_text(" \n\n"), errors.EmptyDocument),
        ("scan.pdf", lambda path: write_pdf(path, text=""), errors.ScannedDocument),
        ("locked.pdf", lambda path: write_pdf(path, password="secret"), errors.PasswordProtected),
        (
            "locked.docx",
            lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
            errors.PasswordProtected,
        ),
        ("broken.docx", write_truncated, errors.CorruptDocument),
        ("broken.pdf", write_text("%PDF-1.4\n" + "nothing " * 50), errors.CorruptDocument),
        ("really-a-page.pdf", write_text("<html>Hello</html>"), errors.CorruptDocument),
        ("program.txt", lambda path: path.write_bytes(b"MZ\0\0" * 99), errors.CorruptDocument),
        ("bomb.docx", write_bomb, errors.TooMuchMemory),
        ("bombs.xlsx", write_many_parts, errors.TooMuchMemory),
        ("laughing.docx", write_xml_bomb, errors.CorruptDocument),
        ("thief.docx", write_xml_thief, errors.CorruptDocument),
        ("macros.docm", write_docx, errors.NotSupported),
        ("macros.docx", write_macros(write_docx, "word"), errors.HasMacros),
        ("macros.xlsx", write_macros(write_xlsx, "xl"), errors.HasMacros),
        ("macros.pptx", write_macros(write_pptx, "ppt"), errors.HasMacros),
        ("really-a-deck.docx", write_mislabelled(write_pptx), errors.CorruptDocument),
        ("really-a-pdf.docx", write_mislabelled(write_pdf), errors.CorruptDocument),
        ("really-a-zip.pdf", write_mislabelled(write_docx), errors.CorruptDocument),
        ("locked.xlsx", lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), errors.PasswordProtected),
        ("cut.pdf", lambda path: cut(path, write_pdf), errors.CorruptDocument),
        ("cut.xlsx", lambda path: cut(path, write_xlsx), errors.CorruptDocument),
        ("long.md", write_text("word " * 500_000), errors.TooMuchText),
        ("huge.txt", lambda path: path.write_bytes(b"word " * 10_500_000), errors.NotSupported),
    ],
)
def test_what_cannot_be_read_says_why_in_one_sentence(tmp_path, extractor, name, write, error):
    write(tmp_path / name)

    with pytest.raises(error) as caught:
        extractor.extract(tmp_path / name)

    assert caught.value.sentence.count("\n") == 0
    assert 10 < len(caught.value.sentence) < 200
    assert extractor.extract(_good(tmp_path))


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(tmp_path):
    rows = "".join(f"<tr><td>{number}</td><td>{'<b>x</b>' * 40}</td></tr>" for number in range(9_000))
    (tmp_path / "slow.html").write_text(f"<table>{rows}</table>")
    (tmp_path / "quick.html").write_text("<p>You have 27 days.</p>")

    with Extractor() as extractor:
        extractor.extract(tmp_path / "quick.html")
        extractor.time_limit_s = 0.3
        with pytest.raises(errors.TooSlow):
            extractor.extract(tmp_path / "slow.html")
        extractor.time_limit_s = 60.0
        assert "27 days" in extractor.extract(tmp_path / "quick.html")


def _good(folder):
    path = folder / "good.html"
    path.write_text("<p>You have 27 days.</p>")
    return path
