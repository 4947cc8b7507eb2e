"""When messages reach a person unasked: the form."""

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    escape,
    execute,
    heading,
    paragraph,
    time_input,
    toggle_input,
    wrong,
)
from adaptive_cards.verbs import Verb
from tuning.domain.quiet import QuietHours
from tuning.languages import say


def quiet_card(hours: QuietHours, *, is_saved: bool = False, problem: str = "") -> Element:
    """Return the form with what a person chose."""
    return card(
        heading(say("When do messages reach you?")),
        paragraph(say("Answers come at once. This is for what I tell you unasked: runs, decisions, requests.")),
        time_input("begins", say("Quiet from"), hours.begins),
        time_input("ends", say("Quiet until"), hours.ends),
        toggle_input("is_weekend_quiet", say("Quiet on Saturdays and Sundays"), is_on=hours.is_weekend_quiet),
        time_input("digest_at", say("Everything in one message, each day at"), hours.digest_at),
        aside(say("Leave a time empty if you don't want that. Times are those of {zone}.", zone=escape(hours.zone))),
        wrong(problem) if problem else None,
        paragraph(say("✓ Saved."), color="good") if is_saved else None,
        actions=[execute(say("Save"), Verb.NOTICES_SAVE, style="positive")],
    )
