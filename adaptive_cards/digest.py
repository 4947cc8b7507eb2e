"""What waited for the end of somebody's quiet hours, in one message; and what is left of a message that is settled."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.elements import Element, aside, card, execute, heading
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.languages import mark, say, say_many

_SETTLED = {
    NoticeKind.RELEASE_DRIFTED: mark("Everybody may read what the release learned again"),
    NoticeKind.RUN_NEEDS_LABELS: mark("Samples have been looked at"),
    NoticeKind.SOURCE_FAILED: mark("The source can be read again"),
    NoticeKind.RETRAINING_HELD: mark("Nothing is in the way of tuning any more"),
}
PAGE = 15
"""Lines on one."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One notice of a digest, and the title of its card as it is now; empty if it has nothing to say any more."""

    notice: Notice
    title: str


def digest_card(lines: Sequence[Waiting], page: Page) -> Element:
    """Return a page of what waited, with a button for each that still has something to say."""
    first = lines[0].notice.id if lines else ""
    return card(
        heading(say_many("{count} message waited for you", "{count} messages waited for you", page.total)),
        *map(_line, lines),
        page.place(),
        aside(say("Send **notices** to say when messages reach you.")),
        actions=page.steps(Verb.DIGEST_OPEN, notice_id=first),
    )


def withdrawn_card(kind: NoticeKind) -> Element:
    """Return, in place of a card that asked for something: it needs nobody any more."""
    return card(heading(settled_title(kind)), aside(say("There is nothing left to do.")))


def settled_title(kind: NoticeKind) -> str:
    """Return why a card that asked for something needs nobody any more."""
    return say(_SETTLED[kind]) if kind in _SETTLED else say("This is settled")


def _line(one: Waiting) -> Element:
    is_open = one.notice.is_held and one.notice.state in {NoticeState.PENDING, NoticeState.SENT} and one.title
    said = one.title or settled_title(NoticeKind(one.notice.kind))
    text = {"type": "TextBlock", "text": said if is_open else f"✓ {said}", "wrap": True, "isSubtle": not is_open}
    shown = execute(say("Show"), Verb.NOTICE_OPEN, notice_id=one.notice.id)
    columns = [{"type": "Column", "width": "stretch", "verticalContentAlignment": "center", "items": [text]}]
    if is_open:
        columns.append({"type": "Column", "width": "auto", "items": [{"type": "ActionSet", "actions": [shown]}]})
    return {"type": "ColumnSet", "columns": columns}
