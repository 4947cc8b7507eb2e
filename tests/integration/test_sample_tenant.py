"""The sample tenant's files can be read, say what the hold-out says, and are rebuilt the same."""

import json
import logging
import zipfile
from pathlib import Path

import pytest
from markitdown import MarkItDown

from sample_tenant.build import build

TENANT = Path(__file__).parents[2] / "sample_tenant"
# Reading seventy files takes 15 seconds on an idle machine, and minutes on a crowded one.
pytestmark = pytest.mark.timeout(900)
SCAN = "taxi-receipt-notice-scan.pdf"


def contents(path: Path) -> bytes | dict[str, bytes]:
    # Compressed bytes differ between versions of zlib, what is in them doesn't.
    if path.suffix not in {".docx", ".pptx", ".xlsx"}:
        return path.read_bytes()
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    reader = MarkItDown()
    documents = TENANT / "documents"
    paths = [path for path in documents.rglob("*") if path.is_file() and path.name != ".access.json"]
    return {str(path.relative_to(documents)): " ".join(reader.convert(path).markdown.split()) for path in paths}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_document_but_the_scan_gives_its_text(texts):
    assert [path for path, text in texts.items() if len(text.split()) < 80] == [f"travel/{SCAN}"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_holdout_passage_is_in_its_document(texts):
    lines = [json.loads(line) for line in (TENANT / "holdout.jsonl").read_text("utf-8").splitlines()]
    missing = [line for line in lines if line["passage"] and line["passage"] not in texts[line["document"]]]
    assert missing == []


def test_a_rebuild_gives_the_same_files(tmp_path):
    build(tmp_path)
    for path in (path for path in tmp_path.rglob("*") if path.is_file() and path.name != SCAN):
        assert contents(path) == contents(TENANT / path.relative_to(tmp_path)), path.name
