"""Step 4: who may use the agent."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    choice_input,
    escape,
    execute,
    form,
    heading,
    paragraph,
    shorten,
    text_input,
)
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.principals import Group, Person
from tuning.languages import say

MAX_NAME = 80


def audience_card(
    agent: Agent,
    found: Sequence[Group | Person],
    chosen: Sequence[Group | Person],
    *,
    search: str = "",
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the form: what was chosen and what the search found, with what is wrong below its field."""
    shown = {one.id: one for one in [*chosen, *found]}
    choices = [(_title(one), one.id) for one in shown.values()]
    who, value = say("Who may use it? Nobody chosen: only you."), ",".join(one.id for one in chosen)
    fields = [
        choice_input("audience", who, choices, value=value, is_multiple=True) if choices else paragraph(who),
        text_input("search", say("Search groups and people"), value=search, longest=100),
        aside(say("Nothing found.")) if search and not found else None,
    ]
    return card(
        heading(say("{agent} · {number} of 5", agent=escape(agent.name), number=4)),
        paragraph(say("It learns only from documents that everybody in its audience may read.")),
        *form(fields, problems),
        actions=[
            execute(say("Next"), Verb.WIZARD_AUDIENCE, style="positive", agent_id=agent.id),
            execute(say("Search"), Verb.WIZARD_SEARCH, agent_id=agent.id),
            execute(say("Back"), Verb.WIZARD_OPEN, is_validated=False, agent_id=agent.id, step="sources"),
        ],
    )


def _title(one: Group | Person) -> str:
    if isinstance(one, Group):
        return say("{name} (group)", name=shorten(one.name, MAX_NAME))
    return shorten(f"{one.name}, {one.title}" if one.title else one.name, MAX_NAME)
