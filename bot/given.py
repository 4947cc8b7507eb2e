"""What a person gave with a message: words, and files that have been read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tuning.domain.conversations import Beyond
from tuning.domain.prompts import Task

_AS_CONTENT = re.compile(r"\b(?:as|is|the|for) content\b|\bals inhalt\b|\bder inhalt\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """A file that came with a message."""

    name: str
    text: str
    """As markdown."""
    word: bytes = b""
    """The Word file that it is; empty for other kinds."""
    document_id: str = ""
    """The document of a source that a link led to; empty for other files."""
    is_shared: bool = False
    """Whether a link led to it elsewhere, so that it was read as the person."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Words and files, and what they are to an agent."""

    text: str
    files: Sequence[ReadFile] = ()

    @property
    def word(self) -> ReadFile | None:
        """The Word file in whose styles a draft is to come: the first one."""
        return next((file for file in self.files if file.word), None)

    @property
    def precedent(self) -> ReadFile | None:
        """The Word file whose form a draft is to take; None if it is all there is, or the words call it content."""
        others = [self.text, *(file.text for file in self.files if file is not self.word)]
        is_content = not any(others) or (len(self.files) == 1 and _AS_CONTENT.search(self.text))
        return None if is_content else self.word

    @property
    def document_ids(self) -> set[str]:
        """The documents of sources among the files."""
        return {file.document_id for file in self.files if file.document_id}

    @property
    def beyond(self) -> set[Beyond]:
        """What the other files are."""
        others = [file for file in self.files if not file.document_id]
        return {Beyond.LINK if file.is_shared else Beyond.FILE for file in others}

    def question(self, task: Task) -> str:
        """Return what is asked of an agent: the words, and below them the text of the files that are content."""
        aside = self.precedent if task is Task.GENERATION else None
        parts = [self.text, *(file.text for file in self.files if file is not aside)]
        return "\n\n".join(part for part in parts if part)
