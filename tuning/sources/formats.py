"""Which files documents are read from, and what is said of the others."""

from pathlib import PurePosixPath

from tuning.languages import number, say

MAX_BYTES = 20 * 2**20

MAPPING = "mapping.csv"
"""In a source's root: which precedent belongs to which target."""
QUESTIONS = "questions.csv"
"""In a source's root: what people have asked, and what documents answer."""
LISTS = frozenset({MAPPING, QUESTIONS})
"""They are about the documents and are none themselves."""

MEDIA_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".htm": "text/html",
    ".aspx": "text/html",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".csv": "text/csv",
}
"""Suffix of a file that text can be taken from, to its media type."""

_SAVE_AS = {".doc": "docx", ".dot": "docx", ".rtf": "docx", ".odt": "docx", ".ppt": "pptx", ".xls": "xlsx"}
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".svg", ".heic"})


def suffix(name: str) -> str:
    """Return a file name's suffix in small letters, with the dot."""
    return PurePosixPath(name).suffix.lower()


def objection(name: str, size: int) -> str:
    """Return why a file of that name and size (bytes) can't be read, as a sentence; empty if it can."""
    kind = suffix(name)
    if kind in _SAVE_AS:
        return say(
            "Files of the older format {kind} can't be read; save it as .{better} and it will be.",
            kind=kind,
            better=_SAVE_AS[kind],
        )
    if kind in _PICTURES:
        return say("It is a picture, and text in pictures can't be read; add the text as a document.")
    if kind not in MEDIA_TYPES:
        known = ", ".join(sorted(MEDIA_TYPES))
        return say(
            "Files of the type '{kind}' can't be read; these can: {known}.",
            kind=kind or say("without a suffix"),
            known=known,
        )
    if size > MAX_BYTES:
        most = MAX_BYTES // 2**20
        return say(
            "It has {size} MB, and at most {most} MB can be read; split it into smaller documents.",
            size=number(round(size / 2**20)),
            most=most,
        )
    if size == 0:
        return say("The file is empty.")
    return ""
