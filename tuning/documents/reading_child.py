"""The child process that opens files, so that a harmful one can hurt nothing else.

A line of JSON with a path comes in, a line of JSON with the text or an error's code goes out; it ends with its input.
The one door to markitdown.
"""

import io
import json
import os
import re
import resource
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from markitdown import MarkItDown, StreamInfo

from tuning.documents.errors import MAX_TEXT
from tuning.documents.pdf_pages import pdf_markdown
from tuning.documents.word_styles import without_looks

MEMORY_BYTES = 2 * 2**30
UNPACKED_BYTES = 200 * 2**20
_OFFICE = {".docx": "word/", ".pptx": "ppt/", ".xlsx": "xl/"}
"""Suffix to the folder that a file of that kind has in it."""
_ASP = re.compile(rb"<%.*?%>", re.DOTALL)
_MACROS = "/vbaproject.bin"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_LEAST_LETTERS = 16


def _read(converter: MarkItDown, path: Path) -> dict[str, str]:
    """Return {"text"} or {"code"} of errors.BY_CODE."""
    kind, content = path.suffix.lower(), path.read_bytes()
    if code := _objection(kind, content):
        return {"code": code}
    if kind == ".pdf":
        text = pdf_markdown(content)
    else:
        known = ".html" if kind in {".htm", ".aspx"} else kind
        content = _ASP.sub(b"", content) if kind == ".aspx" else content
        content = without_looks(content) if kind == ".docx" else content
        text = converter.convert_stream(io.BytesIO(content), stream_info=StreamInfo(extension=known)).markdown
    if len(text) > MAX_TEXT:
        return {"code": "too_much_text"}
    if sum(letter.isalnum() for letter in text) < (_LEAST_LETTERS if kind == ".pdf" else 1):
        return {"code": "scanned" if kind == ".pdf" else "empty"}
    return {"text": text}


def _objection(kind: str, content: bytes) -> str:
    if kind in _OFFICE:
        if content.startswith(_OLE_MAGIC):
            return "password"
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            unpacked = sum(entry.file_size for entry in package.infolist())
            names = [entry.filename.lower() for entry in package.infolist()]
        if unpacked > UNPACKED_BYTES:
            return "too_much_memory"
        if not any(name.startswith(_OFFICE[kind]) for name in names):
            return "corrupt"
        return "macros" if any(name.endswith(_MACROS) for name in names) else ""
    return "corrupt" if kind == ".pdf" and content.lstrip()[:5] != b"%PDF-" else ""


def _code(error: BaseException) -> str:
    names = " ".join(type(it).__name__ for it in (error, error.__cause__, error.__context__) if it) + str(error)
    if isinstance(error, MemoryError) or "MemoryError" in names:
        return "too_much_memory"
    return "password" if "PDFPasswordIncorrect" in names or "PDFEncryption" in names else "corrupt"


def _serve(answer: Callable[[str], dict[str, str]]) -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not come between the replies
    for line in sys.stdin:
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


def main() -> None:
    """Limit this process, then read files until there are no more to read."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    converter = MarkItDown(enable_plugins=False)

    def answer(path: str) -> dict[str, str]:
        try:
            return _read(converter, Path(path))
        except Exception as error:  # noqa: BLE001 - whatever a parser throws means that it can't read the file
            return {"code": _code(error)}

    _serve(answer)


if __name__ == "__main__":
    main()
