"""What there is in the organisation, for admins: all agents, and who somebody is."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.elements import Element, aside, card, escape, execute, facts, heading, paragraph, shorten, table
from adaptive_cards.verbs import Verb
from tuning.languages import say, say_many


@dataclass(frozen=True, kw_only=True)
class Line:
    """One agent as admins see it."""

    name: str
    agent_id: str
    owner: str
    state: str
    live: str
    """Which release answers, and since when; may be empty."""
    canary: str
    """Which release answers a share of the audience, and what people think of it; may be empty."""
    drift: str
    """What became of the documents that the live release learned from; may be empty."""
    newest: str
    """The newest release and its state; may be empty."""


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """One person as admins see them."""

    name: str
    mail: str
    title: str
    person_id: str
    roles: Sequence[str]
    owns: Sequence[str]
    asks: Sequence[str]


def inventory_card(lines: Sequence[Line], *, total: int, number: int, has_more: bool) -> Element:
    """Return a page of the agents; pages are counted from 0."""
    if not lines:
        return card(heading(say("Agents")), paragraph(say("There are none here.")))
    rows = [
        (
            f"{escape(shorten(one.name, 60))} ({one.agent_id})  \n{say('Owner')}: {escape(shorten(one.owner, 60))}",
            one.state,
            "  \n".join(part for part in (one.live, one.drift, one.canary, one.newest) if part) or say("none"),
        )
        for one in lines
    ]
    previous = execute(say("Previous"), Verb.INVENTORY_OPEN, number=number - 1)
    more = execute(say("Next"), Verb.INVENTORY_OPEN, number=number + 1)
    return card(
        heading(say_many("{count} agent", "{count} agents", total)),
        table((say("Agent (id)"), say("State"), say("Releases")), rows, (5, 3, 6)),
        aside(
            say(
                "For commands: **revoke**, **retire**, **rollback** or **canary** with a name or an id, "
                "**audit** with an id."
            )
        ),
        actions=[*([previous] if number > 0 else []), *([more] if has_more else [])],
    )


def whois_card(text: str, found: Sequence[Somebody]) -> Element:
    """Return what the directory and Attune know of the people that a text fits."""
    if not found:
        return card(
            heading(say("Nobody found")),
            paragraph(say("No name, mail or id fits '{text}'.", text=escape(shorten(text, 80)))),
        )
    blocks = [
        {
            **facts(
                {
                    say("Name"): escape(shorten(one.name, 80)),
                    say("Mail"): escape(shorten(one.mail, 80)) or say("none"),
                    say("Title"): escape(shorten(one.title, 80)) or say("none"),
                    say("Id"): escape(one.person_id),
                    say("May"): ", ".join(one.roles) or say("ask only"),
                    say("Owns"): _list(one.owns),
                    say("Can ask"): _list(one.asks),
                }
            ),
            "separator": True,
        }
        for one in found
    ]
    return card(heading(say("Who is who")), *blocks)


def _list(names: Sequence[str]) -> str:
    return escape(shorten(", ".join(names), 300)) or say("nothing")
