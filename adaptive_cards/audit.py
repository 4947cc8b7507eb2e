"""What happened, newest first: a page of the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten, table
from adaptive_cards.verbs import Verb
from tuning.languages import moment, say


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
    title = say("What happened to {subject}", subject=escape(shorten(subject, 60))) if about else say("What happened")
    if not entries:
        return card(heading(title), paragraph(say("Nothing is recorded.")))
    rows = [(moment(one.at), _what(one)) for one in entries]
    older = execute(say("Older"), Verb.AUDIT_OPEN, before=entries[-1].number, about=about)
    newest = execute(say("Newest"), Verb.AUDIT_OPEN, before=0, about=about)
    return card(
        heading(title),
        table((say("When (UTC)"), say("What")), rows, (3, 7)),
        aside(
            say(
                "Events {first} to {last}. Every event: attune audit export.",
                first=entries[-1].number,
                last=entries[0].number,
            )
        ),
        actions=[*([] if is_first else [newest]), *([older] if has_older else [])],
    )


def _what(one: Entry) -> str:
    """Return who did what, and below on what and why: wide enough for a phone, as four columns are not."""
    why = f": {escape(shorten(one.why, 160))}" if one.why else ""
    return f"**{escape(shorten(one.who, 60))}** · {one.what}  \n{escape(shorten(one.on, 80))}{why}"
