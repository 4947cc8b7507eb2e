"""What happened, newest first: a page of the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten, table
from adaptive_cards.verbs import Verb


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event as people read it."""

    number: int
    at: datetime
    who: str
    what: str
    """The tag."""
    on: str
    """What people call the subject."""
    why: str
    """Reason or refusal; may be empty."""


def audit_card(entries: Sequence[Entry], *, about: str, subject: str, is_first: bool, has_older: bool) -> Element:
    """Return a page; `about` is the id that it is narrowed to (empty: everything), `subject` what that is called."""
    title = f"What happened to {escape(shorten(subject, 60))}" if about else "What happened"
    if not entries:
        return card(heading(title), paragraph("Nothing is recorded."))
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", escape(shorten(one.who, 60)), _what(one), escape(shorten(one.on, 80)))
        for one in entries
    ]
    older = execute("Older", Verb.AUDIT_OPEN, before=entries[-1].number, about=about)
    newest = execute("Newest", Verb.AUDIT_OPEN, before=0, about=about)
    return card(
        heading(title),
        table(("When (UTC)", "Who", "What", "On"), rows, (3, 3, 5, 4)),
        aside(f"Events {entries[-1].number} to {entries[0].number}. Every event: attune audit export."),
        actions=[*([] if is_first else [newest]), *([older] if has_older else [])],
    )


def _what(one: Entry) -> str:
    return f"{one.what}: {escape(shorten(one.why, 160))}" if one.why else one.what
