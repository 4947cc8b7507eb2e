"""Access when it is needed: the form that asks for it, the case for an admin, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    choice_input,
    escape,
    execute,
    facts,
    heading,
    label,
    paragraph,
    shorten,
    show_card,
    text_input,
    verbatim,
)
from adaptive_cards.verbs import Verb
from tuning.domain.grants import FOR_GOOD, ONCE, Grant, GrantState

TERMS = (
    ("For one run", ONCE),
    ("For a day", "1"),
    ("For 7 days", "7"),
    ("For 30 days", "30"),
    ("For 90 days", "90"),
    ("For good", FOR_GOOD),
)
MAX_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A grant with what its people are called."""

    grant: Grant
    name: str
    decided_by: str


def ask_card(problem: str = "", justification: str = "") -> Element:
    """Return the form for somebody who may not make or tune agents."""
    return card(
        heading("Ask for access"),
        paragraph("The admins decide whether you may make agents and tune them, and for how long."),
        text_input(
            "justification",
            "What do you need it for?",
            value=justification,
            longest=1_000,
            is_multiline=True,
            is_required=True,
        ),
        paragraph(f"✗ {escape(problem)}", color="attention") if problem else None,
        actions=[execute("Ask the admins", Verb.ACCESS_ASK, style="positive")],
    )


def asked_card() -> Element:
    """Return, for whoever asked: what happens now."""
    return card(
        heading("Your request is with the admins"), paragraph("You get a message here as soon as one of them decides.")
    )


def request_card(grant: Grant, name: str, title: str, problem: str = "") -> Element:
    """Return the case for an admin: who asks, why, and the decision."""
    return card(
        heading(f"{escape(shorten(name, 60))} asks to make and tune agents"),
        facts({"Title": escape(shorten(title, 80)) or "none", "Asked": f"{grant.asked_at:%Y-%m-%d %H:%M} UTC"}),
        verbatim(grant.justification),
        choice_input("term", "For how long?", TERMS, value=ONCE),
        paragraph(f"✗ {escape(problem)}", color="attention") if problem else None,
        actions=[
            execute("Grant", Verb.ACCESS_GRANT, style="positive", grant_id=grant.id),
            show_card(
                "Decline",
                card(
                    text_input("reason", "Why not? The person reads it.", longest=1_000, is_required=True),
                    actions=[execute("Decline now", Verb.ACCESS_DECLINE, style="destructive", grant_id=grant.id)],
                ),
            ),
        ],
    )


def settled_card(one: Holder) -> Element:
    """Return, for an admin: what became of a request."""
    who, name = escape(shorten(one.decided_by, 60)), escape(shorten(one.name, 60))
    if one.grant.state == GrantState.DECLINED:
        return card(heading(f"Declined: {name}"), aside(f"{who} decided."), verbatim(one.grant.reason))
    if one.grant.state == GrantState.ENDED:
        return card(heading(f"Ended: {name}"), paragraph(f"{name} may not make or tune agents by this grant any more."))
    return card(
        heading(f"Granted: {name}"),
        paragraph(f"{name} may make and tune agents {one.grant.term}."),
        aside(f"{who} decided."),
        actions=[execute("Take it back", Verb.ACCESS_END, style="destructive", grant_id=one.grant.id)],
    )


def answered_card(grant: Grant, who: str) -> Element:
    """Return, for whoever it is about: what an admin decided."""
    if grant.state == GrantState.DECLINED:
        return card(
            heading("You can't make agents for now"),
            paragraph(f"{escape(who)} declined your request:"),
            verbatim(grant.reason),
        )
    if grant.state == GrantState.ENDED:
        return card(heading("Your access has ended"), paragraph("Send **request access** if you need it again."))
    return card(
        heading("You may make and tune agents"),
        paragraph(f"{escape(who)} granted it {grant.term}. Send **create agent** to begin."),
    )


def holders_card(holders: Sequence[Holder]) -> Element:
    """Return who may by a grant, for admins, each to be taken back."""
    if not holders:
        return card(heading("Grants"), paragraph("Nobody makes or tunes agents by a grant."))
    blocks = [block for one in holders[:MAX_SHOWN] for block in _holder(one)]
    hidden = len(holders) - MAX_SHOWN
    return card(heading("Grants"), label("In force"), *blocks, aside(f"and {hidden} more") if hidden > 0 else None)


def _holder(one: Holder) -> list[Element]:
    text = f"{escape(shorten(one.name, 60))} · {one.grant.term} · by {escape(shorten(one.decided_by, 60))}"
    take_back = execute("Take back", Verb.ACCESS_END, grant_id=one.grant.id)
    return [paragraph(text), {"type": "ActionSet", "actions": [take_back]}]
