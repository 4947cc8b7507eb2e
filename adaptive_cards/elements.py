"""The elements that cards are made of. Text from people is escaped or put where markdown is not read."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Any

from adaptive_cards.verbs import Verb
from tuning.languages import say

Element = dict[str, Any]
VERSION = "1.5"
MAX_BYTES = 28 * 1024
_MARKDOWN = re.compile(r"([\\`*_\[\]~|])")
_PLAIN = str.maketrans({"*": "", "_": "-", "`": "'", "[": "(", "]": ")", "~": "-", "\\": "/"})
_LINE_START = re.compile(r"^(\s*)([#>+-]|\d+(?=[.)]))", re.MULTILINE)


def escape(text: str) -> str:
    """Return text from people so that a text block shows it as it was written: no links, emphasis or lists."""
    escaped = _MARKDOWN.sub(r"\\\1", text)
    return _LINE_START.sub(lambda found: f"{found[1]}{_escaped_marker(found[2])}", escaped)


def plain(text: str) -> str:
    """Return text from people for the title of a choice, which some clients read as markdown and others show as it is.

    Markdown's signs are replaced by others; a beginning like that of a list is held off.
    """
    line = " ".join(text.split()).translate(_PLAIN)
    return f"\N{ZERO WIDTH SPACE}{line}" if _LINE_START.match(line) else line


def shorten(text: str, longest: int) -> str:
    """Return the text, or its beginning with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def card(*body: Element | None, actions: Sequence[Element] = ()) -> Element:
    """Return a card; what is None is left out."""
    made: Element = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION,
        "body": [element for element in body if element is not None],
    }
    if actions:
        made["actions"] = list(actions)
    return made


def heading(text: str) -> Element:
    """Return the title of a card; the text is ours or escaped."""
    return {"type": "TextBlock", "text": text, "size": "medium", "weight": "bolder", "wrap": True, "style": "heading"}


def label(text: str) -> Element:
    """Return a small title within a card."""
    return {"type": "TextBlock", "text": text, "weight": "bolder", "wrap": True, "spacing": "medium"}


def paragraph(text: str, *, color: str = "default") -> Element:
    """Return running text; the text is ours or escaped."""
    return {"type": "TextBlock", "text": text, "wrap": True, "color": color}


def aside(text: str) -> Element:
    """Return a quiet line."""
    return {"type": "TextBlock", "text": text, "wrap": True, "isSubtle": True, "size": "small", "spacing": "small"}


def verbatim(text: str) -> Element:
    """Return text from people exactly as it was written."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text or "—"}], "spacing": "small"}


def facts(pairs: Mapping[str, str]) -> Element:
    """Return names with their values; the values are ours or escaped."""
    return {"type": "FactSet", "facts": [{"title": title, "value": value} for title, value in pairs.items()]}


def with_button(text: str, button: Element) -> Element:
    """Return a line of a list with its button beside it; the text is ours or escaped."""
    return {
        "type": "ColumnSet",
        "separator": True,
        "columns": [
            {"type": "Column", "width": "stretch", "items": [{"type": "TextBlock", "text": text, "wrap": True}]},
            {"type": "Column", "width": "auto", "items": [{"type": "ActionSet", "actions": [button]}]},
        ],
    }


def bullets(lines: Iterable[str]) -> Element:
    """Return a list; the lines are ours or escaped."""
    return paragraph("\n".join(f"- {line}" for line in lines))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Element:
    """Return a table with a header row; the texts are ours or escaped."""

    def row(texts: Sequence[str], *, is_header: bool) -> Element:
        # Small, because a renderer breaks a header in the middle of a word where its column is narrower.
        looks = {"weight": "bolder", "size": "small"} if is_header else {}
        cells = [
            {"type": "TableCell", "items": [{"type": "TextBlock", "text": text, "wrap": True, **looks}]}
            for text in texts
        ]
        return {"type": "TableRow", "cells": cells}

    return {
        "type": "Table",
        "firstRowAsHeader": True,
        "showGridLines": True,
        "columns": [{"width": width} for width in widths],
        "rows": [row(header, is_header=True), *(row(texts, is_header=False) for texts in rows)],
    }


def bar(share: float) -> Element:
    """Return a progress bar of columns, which every client shows."""
    percent = min(max(round(share * 100), 0), 100)
    filled = {"type": "Column", "width": str(percent), "style": "accent", "items": [_bar_text()]}
    rest = {"type": "Column", "width": str(100 - percent), "style": "emphasis", "items": [_bar_text()]}
    columns = [part for part, width in ((filled, percent), (rest, 100 - percent)) if width]
    return {"type": "ColumnSet", "spacing": "small", "columns": columns}


def interval_bar(score: Mapping[str, float]) -> Element:
    """Return a share's bar: filled up to the low end of its interval, marked up to the high end; words stand beside."""
    low, high = (min(max(round(score[key] * 100), 0), 100) for key in ("low", "high"))
    parts = (("accent", low), ("good", high - low), ("emphasis", 100 - high))
    columns = [
        {"type": "Column", "width": str(width), "style": style, "spacing": "none", "items": [_bar_text()]}
        for style, width in parts
        if width
    ]
    return {"type": "ColumnSet", "spacing": "none", "columns": columns}


def execute(title: str, verb: Verb, *, style: str = "default", is_validated: bool = True, **ids: str | int) -> Element:
    """Return a button that carries ids only; clients that don't know it send the same as a message."""
    inputs = "auto" if is_validated else "none"
    button = {"title": title, "style": style, "associatedInputs": inputs}
    return {
        "type": "Action.Execute",
        **button,
        "verb": verb.value,
        "data": ids,
        "fallback": {"type": "Action.Submit", **button, "data": {"verb": verb.value, **ids}},
    }


def open_url(title: str, url: str) -> Element:
    """Return a button that opens an address."""
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def form(fields: Iterable[Element | None], problems: Mapping[str, str]) -> list[Element]:
    """Return the fields with what is wrong about each below it, and at the end, by the buttons, that nothing is saved.

    What is wrong about a field that isn't there stands at the end, too.
    """
    shown: list[Element] = []
    left = dict(problems)
    for field in fields:
        if field is not None:
            shown.append(field)
            if (problem := left.pop(field.get("id", ""), None)) is not None:
                shown.append(wrong(problem))
    shown += map(wrong, left.values())
    return [*shown, paragraph(say("Nothing is saved yet: see what stands after ✗."))] if problems else shown


def wrong(sentence: str) -> Element:
    """Return what is wrong, with a sign besides its colour; the text may quote people."""
    return {**paragraph(f"✗ {escape(sentence)}", color="attention"), "spacing": "small"}


def show_card(title: str, shown: Element) -> Element:
    """Return a button that unfolds a card."""
    return {"type": "Action.ShowCard", "title": title, "card": shown}


def text_input(
    key: str,
    title: str,
    *,
    value: str = "",
    placeholder: str = "",
    longest: int,
    is_multiline: bool = False,
    is_required: bool = False,
) -> Element:
    """Return a field for text with its label."""
    field: Element = {
        "type": "Input.Text",
        "id": key,
        "label": title,
        "value": value,
        "maxLength": longest,
        "isMultiline": is_multiline,
    }
    if placeholder:
        field["placeholder"] = placeholder
    return {**field, **_required(title, is_required=is_required)}


def time_input(key: str, title: str, value: time | None) -> Element:
    """Return a field for a time of day, which may stay empty."""
    return {"type": "Input.Time", "id": key, "label": title, "value": f"{value:%H:%M}" if value else ""}


def toggle_input(key: str, title: str, *, is_on: bool) -> Element:
    """Return a box to tick; its value is 'true' or 'false'."""
    value = str(is_on).lower()
    return {"type": "Input.Toggle", "id": key, "label": title, "title": say("Yes"), "wrap": True, "value": value}


def choice_input(
    key: str,
    title: str,
    choices: Iterable[tuple[str, str]],
    *,
    value: str = "",
    is_multiple: bool = False,
    is_required: bool = False,
) -> Element:
    """Return a field to choose from (title, value) pairs; several values are joined by commas."""
    return {
        "type": "Input.ChoiceSet",
        "id": key,
        "label": title,
        "style": "expanded" if is_multiple else "compact",
        "isMultiSelect": is_multiple,
        "wrap": True,
        "value": value,
        "choices": [{"title": plain(title), "value": value} for title, value in choices],
        **_required(title, is_required=is_required),
    }


def _required(title: str, *, is_required: bool) -> Element:
    return {"isRequired": True, "errorMessage": say("Please fill in: {title}", title=title)} if is_required else {}


def _bar_text() -> Element:
    return {"type": "TextBlock", "text": " ", "size": "small", "spacing": "none"}


def _escaped_marker(marker: str) -> str:
    return f"{marker}\\" if marker.isdigit() else f"\\{marker}"
