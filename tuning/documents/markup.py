"""Markdown taken apart into headings, sentences, list items and tables, without the marks that only please the eye."""

import html
import re
from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a document that belongs together."""

    kind: BlockKind
    lines: tuple[str, ...]
    """One for a heading, paragraph or item; for a table its head and then its rows, each '| a | b |'."""
    level: int = 0
    """Of a heading: 1 is the outermost."""


_BULLETS = "-*+\u2022\u25aa\u25e6\u2013"
# What follows reads what anybody may have sent: no pattern may look at a stretch of text more often than a few times.
_HEADING = re.compile(r"^(#{1,6})\s+(\S.*)$")
_ITEM = re.compile(rf"^\s*(?:[{re.escape(_BULLETS)}]|\d{{1,2}}[.)]|[a-z]\))\s+(?=\S)")
_BULLET = re.compile(rf"^\s*[{re.escape(_BULLETS)}]\s+(?=\S)")
_RULE = re.compile(r"^\s*([-*_=]\s*){3,}$")
_TABLE_RULE = frozenset(" \t:|-")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\[\]]*\]\((?:[^)!]|!(?!\[))*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^)\s\]]|\](?!\())*(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(\*\*\*|\*\*|__|\*|(?<![\w`])_|`)(?=\S)((?:(?!\1).)+)(?<=\S)\1(?![\w])")
# Two backslashes before a word begin the path of a share.
_ESCAPE = re.compile(r"\\(\\(?!\w)|[`*_{}\[\]()#+.!|>~-])")
_ADDRESS = re.compile(r"<((?:https?://|mailto:)[^<>\s]+|[^<>\s@]{1,64}@[^<>\s@.]{1,64}(?:\.[^<>\s@.]{1,64}){1,8})>")
_TAG = re.compile(
    r"</?(?:a|b|i|u|s|p|br|hr|em|strong|span|div|sub|sup|code|pre|font|center|img|small|mark|del|ins|kbd|ul|ol|li|dl|dt|dd"
    r"|table|thead|tbody|tfoot|caption|tr|td|th|h[1-6]|details|summary|section|article|blockquote)(?:\s[^<>]{0,100}=[^<>]{0,200})?\s*/?>",
    re.IGNORECASE,
)
"""Of HTML: other words in angle brackets are what an author wrote."""
_GLYPHS = re.compile(r"\(cid:\d+\)")
_GLYPH_BULLET = re.compile(r"^\(cid:\d+\)(?= )", re.MULTILINE)
# After a full stop and a blank a sentence begins, unless an abbreviation or an initial ends there.
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9\u00c0-\u00de])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|incl|excl|no|nos|nr|dr|mr|mrs|ms|prof|st|art|sec|fig|vs|dept|est|max|min|tel|ext|p|pp"
    r"|vol|ca|inc|ltd|co)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"[^.!?:;|]$")
_BEGINNING = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?[A-Z\u00c0-\u00de]")
_HEADING_WORDS = 9
# 'Q:' or 'A:' at the beginning of a line begins a paragraph; both may also stand on one line, or the question in bold.
_LABEL = re.compile(r"^\s*(?:\*\*|__)?[QA]\s{0,3}\d{0,4}\s{0,3}[:)]")
_LABELLED = re.compile(
    r"^(?:\*\*|__)?(Q\s{0,3}\d{0,4}\s{0,3}[:)][^?]{3,300}\?)(?:\*\*|__)?\s*((?:\*\*|__)?A\s{0,3}\d{0,4}\s{0,3}[:)].*)$"
)
_BOLD = re.compile(r"^(?:\*\*|__)([^?*]{3,300}\?)(?:\*\*|__)\s*(\S.*)$")


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph, in order; joined by blanks they are the paragraph."""
    pieces: list[str] = []
    start = 0
    for end in _END.finditer(text):
        before = text[start : end.start()]
        if _ABBREVIATION.search(before.rstrip("\"')]")) or re.fullmatch(r"\d+\.", before):
            continue
        pieces.append(text[start : end.end()].strip())
        start = end.end()
    return [piece for piece in [*pieces, text[start:].strip()] if piece]


def plain(text: str) -> str:
    """Return a line without images, link targets, emphasis, tags and escapes, its blanks single."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _TAG.sub(" ", _ADDRESS.sub(r"\1", text))
    for _ in range(2):
        text = _EMPHASIS.sub(r"\2", text)
    return " ".join(html.unescape(_ESCAPE.sub(r"\1", text)).split())


def blocks(markdown: str) -> list[Block]:
    """Return a document's blocks in order."""
    text = _without_comments(_FRONT_MATTER.sub("", markdown.replace("\r", "")))
    text = _GLYPHS.sub("", _GLYPH_BULLET.sub("-", text))
    found: list[Block] = []
    paragraph: list[str] = []
    table: list[str] = []

    def close() -> None:
        if table:
            found.append(Block(kind=BlockKind.TABLE, lines=tuple(table)))
        found.extend(_paragraphs(paragraph))
        table.clear()
        paragraph.clear()

    for line in text.replace("\f", "\n\n").split("\n"):
        if line.lstrip().startswith("|") and line.count("|") > 1:
            if paragraph:
                close()
            table += [] if _is_rule(line.strip()) else _row(line)
            continue
        heading = _HEADING.match(line)
        if table or heading or not line.strip() or _begins(line):
            close()
        if heading and (words := plain(_unclosed(heading[2]))):
            found.append(Block(kind=BlockKind.HEADING, lines=(words,), level=len(heading[1])))
        elif not heading and line.strip() and not _RULE.match(line):
            paragraph.append(line.strip().lstrip("> "))
    close()
    return found if any(block.kind is BlockKind.HEADING for block in found) else _with_guessed_headings(found)


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        kept.append(text[at:begin])
        at = end + 3
    return "".join([*kept, text[at:]])


def _unclosed(heading: str) -> str:
    """Return a heading's words without the number signs that may end it."""
    words = heading.rstrip()
    before = words.rstrip("#")
    return before if before != words and before[-1:].isspace() else words


def _is_rule(row: str) -> bool:
    return "-" in row and _TABLE_RULE.issuperset(row)


def _begins(line: str) -> bool:
    return bool(_ITEM.match(line) or _LABEL.match(line) or _RULE.match(line))


def _paragraphs(lines: list[str]) -> list[Block]:
    """Return the block that consecutive lines are; two when they are a question and its answer."""
    if not lines:
        return []
    raw = _BULLET.sub("", " ".join(lines))
    asked = _LABELLED.match(raw) or _BOLD.match(raw)
    kind = BlockKind.ITEM if _ITEM.match(lines[0]) and not asked else BlockKind.PARAGRAPH
    parts = asked.groups() if asked else (raw,)
    return [Block(kind=kind, lines=(words,)) for part in parts if (words := plain(part))]


def _row(line: str) -> list[str]:
    cells = [plain(cell.replace("\0", "\\|")) for cell in line.strip().replace("\\|", "\0").strip("|").split("|")]
    cells = ["" if cell in {"NaN", "nan"} or cell.startswith("Unnamed: ") else cell for cell in cells]
    return [f"| {' | '.join(cells)} |"] if any(cells) else []


def _with_guessed_headings(found: list[Block]) -> list[Block]:
    """Take short paragraphs without a full stop for headings: text out of pdf marks none.

    Of two in a row, or at the beginning, the first is the title.
    """
    short = [block.kind is BlockKind.PARAGRAPH and _is_short(block.lines[0]) for block in found]
    guessed, titled = [], False
    for index, (block, is_heading) in enumerate(zip(found, short, strict=True)):
        if not is_heading or index + 1 == len(found):
            guessed.append(block)
            continue
        is_title = not titled and not any(short[:index]) and (index == 0 or short[index + 1])
        titled = titled or is_title
        guessed.append(Block(kind=BlockKind.HEADING, lines=block.lines, level=1 if is_title else 2))
    return guessed


def _is_short(text: str) -> bool:
    return len(text.split()) <= _HEADING_WORDS and bool(_UNFINISHED.search(text)) and bool(_BEGINNING.match(text))
