"""Why no text could be taken from a file, each with the sentence that its owner reads.

Refusal
└── Unreadable
    ├── NotSupported
    ├── EmptyDocument
    ├── ScannedDocument
    ├── PasswordProtected
    ├── HasMacros
    ├── CorruptDocument
    ├── TooMuchText
    ├── TooSlow
    └── TooMuchMemory
"""

from typing import ClassVar

from tuning.domain.errors import Refusal

MAX_TEXT = 2 * 2**20
"""Characters of text in one document."""


class Unreadable(Refusal):
    """No text can be taken from the file."""

    code: ClassVar[str] = "unreadable"


class NotSupported(Unreadable):
    """Files of this type can't be read."""

    code: ClassVar[str] = "not_supported"


class EmptyDocument(Unreadable):
    """There is no text in the file."""

    code: ClassVar[str] = "empty"


class ScannedDocument(Unreadable):
    """It is a scan: its pages are pictures without text. Run text recognition (OCR) over it, then it can be read."""

    code: ClassVar[str] = "scanned"


class PasswordProtected(Unreadable):
    """It is protected with a password. Save it without one, then it can be read."""

    code: ClassVar[str] = "password"


class HasMacros(Unreadable):
    """It holds macros, and files with macros are not opened. Save it without them, then it can be read."""

    code: ClassVar[str] = "macros"


class CorruptDocument(Unreadable):
    """The file is damaged, or is not what its name says. Open it in its program and save it again."""

    code: ClassVar[str] = "corrupt"


class TooMuchText(Unreadable):
    """It holds more than 2 MB of text. Split it into smaller documents."""

    code: ClassVar[str] = "too_much_text"


class TooSlow(Unreadable):
    """Reading it took too long and was given up. Split it into smaller documents, or save it in a simpler format."""

    code: ClassVar[str] = "too_slow"


class TooMuchMemory(Unreadable):
    """Reading it took too much memory and was given up. Split it into smaller documents."""

    code: ClassVar[str] = "too_much_memory"


BY_CODE = {
    error.code: error
    for error in (
        EmptyDocument,
        ScannedDocument,
        PasswordProtected,
        HasMacros,
        CorruptDocument,
        TooMuchText,
        TooMuchMemory,
    )
}
"""What the reading child can answer, by code."""
