"""What became of the documents that a release learned from, as cards say it."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.elements import Element, aside, bullets, escape, label, shorten
from tuning.domain.drift import Drift
from tuning.languages import number, say, say_many

MAX_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A document that some of a release's audience may not read any more."""

    title: str
    who: Sequence[str]
    """Their names."""


def staleness(found: Drift) -> str:
    """Return '7 of 140 documents changed, 2 deleted'."""
    if not found.is_stale:
        return say("no document has changed")
    return say_many(
        "{changed} of {count} document changed, {deleted} deleted",
        "{changed} of {count} documents changed, {deleted} deleted",
        found.learned,
        changed=number(found.changed),
        deleted=number(found.deleted),
    )


def in_short(found: Drift | None) -> list[str]:
    """Return what there is to say of a release beside its state."""
    if found is None:
        return []
    lost = say_many(
        "{count} document is no longer readable by all of its audience",
        "{count} documents are no longer readable by all of its audience",
        len(found.lost),
    )
    return [*([staleness(found)] if found.is_stale else []), *([lost] if found.lost else [])]


def lost_documents(lost: Sequence[Lost]) -> list[Element]:
    """Return which documents they are and who may not read them; nothing where there are none."""
    if not lost:
        return []
    hidden = len(lost) - MAX_SHOWN
    shown = [
        say(
            "{title}: not by {names}",
            title=shorten(one.title, 60),
            names=shorten(", ".join(one.who), 120),
        )
        for one in lost[:MAX_SHOWN]
    ]
    return [
        label(say("⚠ Learned from, and no longer readable by all of its audience")),
        bullets(escape(line) for line in shown),
        *([aside(say("and {count} more", count=number(hidden)))] if hidden > 0 else []),
    ]
