"""A long text in parts that a model can read one at a time."""

import re

_BOUNDARIES = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?])\s"), re.compile(r"\s"))
"""Where a text may be cut, the best first."""
_SLACK = 0.25
"""How far from the even cut a better boundary may be, as a share of a part."""


def parts_of(text: str, count: int) -> list[str]:
    """Return the text cut into at most that many parts of about one length, none of them empty.

    Cuts fall between paragraphs where one ends near, else between lines, sentences or words.
    """
    parts, rest = [], text
    for left in range(count, 1, -1):
        even = len(rest) // left
        cut = _cut(rest, even, round(even * _SLACK))
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [part.strip() for part in (*parts, rest) if part.strip()]


def sections_of(text: str, longest: int) -> list[str]:
    """Return the text cut between paragraphs into parts of at most that many characters; a longer one is cut itself."""
    parts: list[str] = []
    for paragraph in filter(str.strip, re.split(r"\n\s*\n", text)):
        pieces = parts_of(paragraph, -(-len(paragraph) // longest))
        if parts and len(parts[-1]) + len(pieces[0]) < longest:
            pieces[0] = f"{parts.pop()}\n\n{pieces[0]}"
        parts += pieces
    return parts or [text]


def _cut(text: str, even: int, slack: int) -> int:
    for boundary in _BOUNDARIES:
        found = [match.end() for match in boundary.finditer(text, max(0, even - slack), even + slack)]
        if found:
            return min(found, key=lambda end: abs(end - even))
    return even
