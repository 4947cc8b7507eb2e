"""Erasing a person or a document: what it would do, and the receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    card,
    escape,
    execute,
    facts,
    heading,
    paragraph,
    shorten,
)
from adaptive_cards.verbs import Verb
from tuning.languages import moment, number, say, say_many

MAX_SHOWN = 10
MAX_LINE = 120


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What is gone, and the event of the audit that says so."""

    subject_id: str
    at: datetime
    rows: int
    stopped: int
    """How many releases answer nobody any more."""
    event_id: int
    event_hash: str


def person_card(person_id: str, name: str, stops: Sequence[str]) -> Element:
    """Return what erasing a person would do; `stops` names the releases that would stop."""
    return card(
        heading(say("Erase {name}?", name=escape(name))),
        paragraph(
            say(
                "Conversations, answers, feedback, labels and uploads go, and how to reach them. What they decided or "
                "configured stays, under their object id, and so does the audit. This can't be undone."
            )
        ),
        *_stops(stops),
        actions=[execute(say("Erase for good"), Verb.PERSON_ERASE, style="destructive", person_id=person_id)],
    )


def document_card(document_id: str, name: str, places: Sequence[str], stops: Sequence[str]) -> Element:
    """Return what erasing a document would do; `places` are those where the same content was read."""
    return card(
        heading(say("Erase {name}?", name=escape(name))),
        paragraph(
            say(
                "It goes wherever the same content was read, with the answers that cite it and the feedback on them. "
                "It isn't read again; where it came from it stays. This can't be undone."
            )
        ),
        *_some(places),
        *_stops(stops),
        actions=[execute(say("Erase for good"), Verb.DOCUMENT_ERASE, style="destructive", document_id=document_id)],
    )


def receipt_card(erased: Erased) -> Element:
    """Return the receipt; it does not repeat what was erased but by its id."""
    return card(
        heading(say("Erased")),
        facts(
            {
                say("What"): escape(erased.subject_id),
                say("When"): moment(erased.at),
                say("Records gone for good"): number(erased.rows),
                say("Releases stopped"): number(erased.stopped),
                say("Event of the audit"): number(erased.event_id),
                # In four pieces, because a card cuts off a word that is longer than its line.
                say("Its hash"): " ".join(erased.event_hash[start : start + 16] for start in range(0, 64, 16)),
            }
        ),
        aside(say("This is the receipt: the event with that hash holds the same numbers, and says by whom.")),
    )


def _stops(stops: Sequence[str]) -> list[Element]:
    if not stops:
        return [aside(say("No release that can be asked has learned from it."))]
    told = say_many(
        "{count} release has learned from it and answers nobody any more:",
        "{count} releases have learned from it and answer nobody any more:",
        len(stops),
    )
    return [paragraph(told), *_some(stops)]


def _some(lines: Sequence[str]) -> list[Element]:
    hidden = len(lines) - MAX_SHOWN
    more = [aside(say("and {count} more", count=number(hidden)))] if hidden > 0 else []
    return [bullets(escape(shorten(line, MAX_LINE)) for line in lines[:MAX_SHOWN]), *more]
