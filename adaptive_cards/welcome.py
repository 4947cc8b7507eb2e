"""The first thing a person sees: which agents there are for them."""

from collections.abc import Sequence

from adaptive_cards.agent import named, starter_buttons
from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.languages import number, say

MAX_AGENTS = 10
STARTERS = 2
"""Of each agent, beside its button on the greeting."""


def welcome_card(name: str, agents: Sequence[Agent]) -> Element:
    """Return the greeting with the agents to pick from."""
    first_name = escape(name.partition(" ")[0])
    return card(
        heading(say("Hello {name}", name=first_name) if first_name else say("Hello there")),
        paragraph(say("I answer from your team's documents. Whom do you want to ask?")) if agents else None,
        *_rows(agents, starters=STARTERS),
        aside(say("Send **help** for everything that you can do here.")),
    )


def agents_card(agents: Sequence[Agent], current_id: str = "", page: Page | None = None) -> Element:
    """Return the agents that a person can ask, to pick one: a page of them, or as many as fit."""
    title = heading(say("Whom do you want to ask?"))
    if page is None:
        return card(title, *_rows(agents, current_id))
    shown = _rows(page.cut(agents), current_id)
    return card(title, *shown, page.place(), actions=page.steps(Verb.AGENTS_OPEN))


def _rows(agents: Sequence[Agent], current_id: str = "", *, starters: int = 0) -> list[Element]:
    if not agents:
        return [paragraph(say("There is no agent for you yet. Its owner or an admin can give you access."))]
    rows: list[Element] = []
    for agent in agents[:MAX_AGENTS]:
        about = escape(shorten(agent.description, 120))
        name = f"**{named(agent)}**"
        text = say("{agent} (now)", agent=name) if agent.id == current_id else name
        rows += [
            paragraph(f"{text}  \n{about}" if about else text),
            {
                "type": "ActionSet",
                "actions": [
                    execute(say("Ask {agent}", agent=shorten(agent.name, 40)), Verb.AGENT_PICK, agent_id=agent.id),
                    *starter_buttons(agent, starters),
                ],
            },
        ]
    if len(agents) > MAX_AGENTS:
        rows.append(
            aside(
                say("and {count} more: send **agents** and a part of the name.", count=number(len(agents) - MAX_AGENTS))
            )
        )
    return rows
