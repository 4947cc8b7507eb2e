"""An answer's bytes on their way to text: characters are never cut, and a stop text never shows."""

import codecs
from collections.abc import Sequence


class TextStream:
    """Takes the bytes of one token after the other and says which text is safe to show."""

    def __init__(self, stops: Sequence[str] = (), *, strip_space: bool = False) -> None:
        """Watch for the stop texts; with strip_space, drop one blank at the very beginning."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = [stop for stop in stops if stop]
        self._strip_space = strip_space
        self._held = ""
        self.stopped = False
        """Whether a stop text has come: nothing follows."""

    def feed(self, data: bytes) -> str:
        """Return the new text that can no longer become part of a stop text or of an unfinished character."""
        text = self._held + self._decoder.decode(data)
        self._held = ""
        if self._strip_space and text:
            text = text.removeprefix(" ")
            self._strip_space = False
        if not self._stops:
            return text
        found = min((place for stop in self._stops if (place := text.find(stop)) >= 0), default=None)
        if found is not None:
            self.stopped = True
            return text[:found]
        held = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def flush(self) -> str:
        """Return what was held back, at the answer's end; an unfinished character is dropped."""
        text, self._held = self._held, ""
        return "" if self.stopped else text


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest beginning of the stop text that the text ends with."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
