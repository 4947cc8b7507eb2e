"""The first thing a person sees: which agents there are for them."""

from collections.abc import Sequence

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent

MAX_AGENTS = 12


def welcome_card(name: str, agents: Sequence[Agent]) -> Element:
    """Return the greeting with the agents to pick from."""
    first_name = escape(name.partition(" ")[0]) or "there"
    return card(
        heading(f"Hello {first_name}"),
        paragraph("I answer from your team's documents. Whom do you want to ask?") if agents else None,
        *_rows(agents),
        aside("Send **help** for everything that you can do here."),
    )


def agents_card(agents: Sequence[Agent], current_id: str = "") -> Element:
    """Return the agents that a person can ask, to pick one."""
    return card(heading("Whom do you want to ask?"), *_rows(agents, current_id))


def _rows(agents: Sequence[Agent], current_id: str = "") -> list[Element]:
    if not agents:
        return [paragraph("There is no agent for you yet. Its owner or an admin can give you access.")]
    rows: list[Element] = []
    for agent in agents[:MAX_AGENTS]:
        about = escape(shorten(agent.description, 120))
        text = f"**{escape(agent.name)}**{' (now)' if agent.id == current_id else ''}"
        rows += [
            paragraph(f"{text}  \n{about}" if about else text),
            {
                "type": "ActionSet",
                "actions": [execute(f"Ask {shorten(agent.name, 40)}", Verb.AGENT_PICK, agent_id=agent.id)],
            },
        ]
    if len(agents) > MAX_AGENTS:
        rows.append(aside(f"and {len(agents) - MAX_AGENTS} more: send **agents** and a part of the name."))
    return rows
