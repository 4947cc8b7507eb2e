"""Text out of files, as markdown; all but plain text is opened by a child process with limits of time and memory."""

import json
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tuning.documents import errors
from tuning.sources.formats import objection, suffix

TIME_LIMIT_S = 60.0
"""Per file; a hundred pages of pdf take a third of that."""
_START_S = 60.0
_PLAIN = frozenset({".md", ".txt"})
_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


class Extractor:
    """Reads files one after another in one child process, which is replaced when a file was too much for it."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        """Take how long one file may take; the child starts with the first file."""
        self.time_limit_s = time_limit_s
        self._child: subprocess.Popen[str] | None = None

    def extract(self, path: Path) -> str:
        """Return a file's text as markdown; raises one of documents.errors."""
        if problem := objection(path.name, path.stat().st_size):
            raise (errors.EmptyDocument if path.stat().st_size == 0 else errors.NotSupported)(problem)
        return _plain_text(path) if suffix(path.name) in _PLAIN else self._parsed(path)

    def _parsed(self, path: Path) -> str:
        is_fresh = self._child is None
        child = self._child or self._start()
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("The reading child has no pipes.")
        try:
            child.stdin.write(json.dumps(str(path.resolve())) + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise errors.TooMuchMemory from None
        patience_s = self.time_limit_s + (_START_S if is_fresh else 0.0)
        if not select.select([child.stdout], [], [], patience_s)[0]:
            self.close()
            raise errors.TooSlow
        reply = child.stdout.readline()
        if not reply:
            self.close()
            raise errors.TooMuchMemory
        answer: dict[str, str] = json.loads(reply)
        if "code" in answer:
            raise errors.BY_CODE[answer["code"]]
        return answer["text"]

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[str]:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tuning.documents.reading_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=_ENVIRONMENT,
        )
        return self._child


def _plain_text(path: Path) -> str:
    content = path.read_bytes()
    if b"\0" in content:
        raise errors.CorruptDocument
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if len(text) > errors.MAX_TEXT:
        raise errors.TooMuchText
    if not any(letter.isalnum() for letter in text):
        raise errors.EmptyDocument
    return text


def extract(path: Path) -> str:
    """Return one file's text as markdown; for many files use an `Extractor`. Raises one of documents.errors."""
    with Extractor() as extractor:
        return extractor.extract(path)
