"""Several people's feedback on nearly the same question, to be settled at once in the words that the owner picks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    choice_input,
    escape,
    execute,
    label,
    paragraph,
    shorten,
    text_input,
    verbatim,
)
from adaptive_cards.opinion import MAX_CORRECTION, MAX_TEXT
from adaptive_cards.verbs import Verb
from tuning.domain.feedback import FAULTS, Feedback, Reaction
from tuning.languages import mark, number, say

MAX_SHOWN = 300
"""Characters of each answer, comment and correction that stand beside others; the words to accept stand whole."""
THUMBS = {Reaction.LIKE: mark("👍 liked it"), Reaction.DISLIKE: mark("👎 did not like it")}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of feedback."""

    feedback: Feedback
    answer: str
    """The answer that it is on."""
    who: str


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the owner has typed and ticked so far."""

    question: str | None
    """None: it is too long to be edited, and stays as it was asked."""
    correction: str
    ticked: Sequence[str]
    """The ids of the feedback that belongs together."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """What some of several people say the answer should be, where they don't agree."""

    who: Sequence[str]
    correction: str


def conflict(sides: Sequence[Side]) -> list[Element]:
    """Return who says what, where corrections of the same question contradict each other; nothing where they don't."""
    if len(sides) < 2:  # noqa: PLR2004 - it takes two
        return []
    said = [
        say(
            "{people}: “{correction}”",
            people=shorten(", ".join(one.who), 120),
            correction=shorten(" ".join(one.correction.split()), MAX_SHOWN),
        )
        for one in sides
    ]
    return [
        label(say("⚠ They don't agree on the answer")),
        bullets(escape(line) for line in said),
        aside(say("The words that you accept are the only ones that it learns.")),
    ]


def by_whom(item: Item) -> str:
    """Return who gave it, with their thumb."""
    given = item.feedback
    thumb = say(THUMBS[Reaction(given.reaction)]) if given.reaction else ""
    reason = say(FAULTS[given.reason]) if given.reason else ""
    return " · ".join(part for part in (escape(item.who), thumb, reason) if part)


def settle(items: Sequence[Item], words: Words | None, ids: dict[str, Any]) -> tuple[list[Element], list[Element]]:
    """Return the body and the buttons: what each person said, which of it belongs together, and the words to learn."""
    words = words or Words(
        question=items[0].feedback.question,
        correction=next((one.feedback.correction for one in items if one.feedback.correction), ""),
        ticked=[one.feedback.id for one in items],
    )
    ids = {**ids, "are_several": True, "is_as_asked": is_as_asked(items[0].feedback)}
    choices = [(_named(place, one), one.feedback.id) for place, one in enumerate(items, start=1)]
    body = [
        paragraph(say("{count} pieces of feedback on nearly the same question.", count=number(len(items)))),
        *(_said(place, one, ids) for place, one in enumerate(items, start=1)),
        choice_input("together", say("These belong together"), choices, value=",".join(words.ticked), is_multiple=True),
        *asked(items[0].feedback.question if words.question is None else words.question),
        text_input(
            "correction",
            say("What the answer should be"),
            value=words.correction,
            longest=MAX_CORRECTION,
            is_multiline=True,
        ),
    ]
    actions = [
        execute(say("Accept together"), Verb.INBOX_MERGE, style="positive", **ids),
        execute(say("Leave out"), Verb.INBOX_REJECT, **ids),
    ]
    return body, actions


def is_as_asked(given: Feedback) -> bool:
    """Whether the question is too long to be edited on a card: it is learned as it was asked."""
    return len(given.question) > MAX_TEXT


def asked(question: str, *, is_required: bool = False) -> list[Element]:
    """Return the field for a question, or its beginning where it is too long for one."""
    if len(question) > MAX_TEXT:
        return [label(say("Question")), verbatim(shorten(question, MAX_TEXT))]
    return [text_input("question", say("Question"), value=question, longest=MAX_TEXT, is_required=is_required)]


def _named(place: int, item: Item) -> str:
    return f"{shorten(item.who, 60)} ({number(place)})"


def _said(place: int, item: Item, ids: dict[str, Any]) -> Element:
    given = item.feedback
    lines = [
        (say("Question"), given.question),
        (say("Answer given"), item.answer),
        (say("Comment"), given.comment),
        (say("What the answer should be"), given.correction),
    ]
    told = [part for title, text in lines if text for part in (aside(title), verbatim(shorten(text, MAX_SHOWN)))]
    take = execute(say("Take these words"), Verb.INBOX_OPEN, feedback_id=given.id, **ids)
    return {
        "type": "Container",
        "separator": True,
        "spacing": "medium",
        "items": [
            paragraph(f"**{by_whom(item)} ({number(place)})**"),
            *told,
            *([{"type": "ActionSet", "actions": [take]}] if given.correction else []),
        ],
    }
