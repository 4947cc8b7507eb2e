"""A Word file without the looks of its styles reads as it did, from far less."""

import io
import zipfile

import docx
from markitdown import MarkItDown, StreamInfo

from tuning.documents.word_styles import without_looks


def text_of(content: bytes) -> str:
    reader = MarkItDown(enable_plugins=False)
    return str(reader.convert_stream(io.BytesIO(content), stream_info=StreamInfo(extension=".docx")).markdown)


def test_headings_lists_and_tables_stay_and_looks_go():
    document = docx.Document()
    document.add_heading("Travel", 1)
    document.add_paragraph("Trains first.", style="List Bullet")
    document.add_paragraph("Then ferries.", style="List Number")
    document.add_table(rows=2, cols=2, style="Light Grid Accent 1").cell(0, 0).text = "Fare"
    written = io.BytesIO()
    document.save(written)
    lean = without_looks(written.getvalue())
    assert text_of(lean) == text_of(written.getvalue())
    assert "# Travel" in text_of(lean)
    sizes = [len(zipfile.ZipFile(io.BytesIO(it)).read("word/styles.xml")) for it in (written.getvalue(), lean)]
    assert sizes[1] < sizes[0] / 5
