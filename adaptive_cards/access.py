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
    with_button,
    wrong,
)
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.domain.grants import FOR_GOOD, ONCE, Grant, GrantState
from tuning.languages import day, mark, moment, say, say_many

TERMS = (
    (mark("For one run"), ONCE),
    (mark("For a day"), "1"),
    (mark("For 7 days"), "7"),
    (mark("For 30 days"), "30"),
    (mark("For 90 days"), "90"),
    (mark("For good"), FOR_GOOD),
)
PAGE = 10
"""Holders, or requests, on one."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A grant with what its people are called."""

    grant: Grant
    name: str
    decided_by: str


def ask_card(problem: str = "", justification: str = "") -> Element:
    """Return the form for somebody who may not make or tune agents."""
    return card(
        heading(say("Ask for access")),
        paragraph(say("The admins decide whether you may make agents and tune them, and for how long.")),
        text_input(
            "justification",
            say("What do you need it for?"),
            value=justification,
            longest=1_000,
            is_multiline=True,
            is_required=True,
        ),
        wrong(problem) if problem else None,
        actions=[execute(say("Ask the admins"), Verb.ACCESS_ASK, style="positive")],
    )


def asked_card() -> Element:
    """Return, for whoever asked: what happens now."""
    return card(
        heading(say("Your request is with the admins")),
        paragraph(say("You get a message here as soon as one of them decides.")),
    )


def request_card(grant: Grant, name: str, title: str, problem: str = "") -> Element:
    """Return the case for an admin: who asks, why, and the decision."""
    return card(
        heading(say("{person} asks to make and tune agents", person=escape(shorten(name, 60)))),
        facts({say("Title"): escape(shorten(title, 80)) or say("none"), say("Asked"): f"{moment(grant.asked_at)} UTC"}),
        verbatim(grant.justification),
        choice_input("term", say("For how long?"), [(say(title), term) for title, term in TERMS], value=ONCE),
        wrong(problem) if problem else None,
        actions=[
            execute(say("Grant"), Verb.ACCESS_GRANT, style="positive", grant_id=grant.id),
            show_card(
                say("Decline"),
                card(
                    text_input("reason", say("Why not? The person reads it."), longest=1_000, is_required=True),
                    actions=[execute(say("Decline now"), Verb.ACCESS_DECLINE, style="destructive", grant_id=grant.id)],
                ),
            ),
        ],
    )


def settled_card(one: Holder) -> Element:
    """Return, for an admin: what became of a request."""
    who, name = escape(shorten(one.decided_by, 60)), escape(shorten(one.name, 60))
    if one.grant.state == GrantState.DECLINED:
        return card(
            heading(say("Declined: {person}", person=name)),
            aside(say("{person} decided.", person=who)),
            verbatim(one.grant.reason),
        )
    if one.grant.state == GrantState.ENDED:
        return card(
            heading(say("Ended: {person}", person=name)),
            paragraph(say("{person} may not make or tune agents by this grant any more.", person=name)),
        )
    return card(
        heading(say("Granted: {person}", person=name)),
        paragraph(say("{person} may make and tune agents {term}.", person=name, term=one.grant.term)),
        aside(say("{person} decided.", person=who)),
        actions=[execute(say("Take it back"), Verb.ACCESS_END, style="destructive", grant_id=one.grant.id)],
    )


def answered_card(grant: Grant, who: str) -> Element:
    """Return, for whoever it is about: what an admin decided."""
    if grant.state == GrantState.DECLINED:
        return card(
            heading(say("You can't make agents for now")),
            paragraph(say("{person} declined your request:", person=escape(who))),
            verbatim(grant.reason),
        )
    if grant.state == GrantState.ENDED:
        return card(
            heading(say("Your access has ended")), paragraph(say("Send **request access** if you need it again."))
        )
    return card(
        heading(say("You may make and tune agents")),
        paragraph(
            say("{person} granted it {term}. Send **create agent** to begin.", person=escape(who), term=grant.term)
        ),
    )


def requests_card(asked: Sequence[Holder], page: Page) -> Element:
    """Return a page of who asks, for admins, the one who waits longest first, each with the way to the request."""
    title = say_many(
        "{count} person asks to make and tune agents", "{count} people ask to make and tune agents", page.total
    )
    return card(heading(title), *map(_request, asked), page.place(), actions=page.steps(Verb.REQUESTS_OPEN))


def _request(one: Holder) -> Element:
    since = say("since {day}", day=day(one.grant.asked_at))
    text = f"**{escape(shorten(one.name, 60))}** · {since}  \n{escape(shorten(one.grant.justification, 100))}"
    return with_button(text, execute(say("Look"), Verb.REQUEST_OPEN, grant_id=one.grant.id))


def holders_card(holders: Sequence[Holder], page: Page) -> Element:
    """Return a page of who may by a grant, for admins, each to be taken back."""
    if not holders:
        return card(heading(say("Grants")), paragraph(say("Nobody makes or tunes agents by a grant.")))
    blocks = [block for one in holders for block in _holder(one)]
    return card(
        heading(say("Grants")),
        label(say("In force")),
        *blocks,
        page.place(),
        actions=page.steps(Verb.HOLDERS_OPEN),
    )


def _holder(one: Holder) -> list[Element]:
    text = say(
        "{person} · {term} · by {admin}",
        person=escape(shorten(one.name, 60)),
        term=one.grant.term,
        admin=escape(shorten(one.decided_by, 60)),
    )
    take_back = execute(say("Take back"), Verb.ACCESS_END, grant_id=one.grant.id)
    return [paragraph(text), {"type": "ActionSet", "actions": [take_back]}]
