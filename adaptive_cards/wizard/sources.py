"""Step 3: where the agent's documents come from."""

from collections.abc import Sequence

from adaptive_cards.elements import Element, card, choice_input, escape, execute, heading, paragraph
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.documents import Source

MAX_SHOWN = 60


def sources_card(agent: Agent, sources: Sequence[tuple[Source, int]], problem: str = "") -> Element:
    """Return the form: sources with the number of documents that each holds."""
    choices = [(f"{source.name} ({documents} documents)", source.id) for source, documents in sources[:MAX_SHOWN]]
    fields = [
        choice_input(
            "sources",
            "What may it learn from and look things up in?",
            choices,
            value=",".join(agent.source_ids),
            is_multiple=True,
            is_required=True,
        )
    ]
    return card(
        heading(f"{escape(agent.name)} · 3 of 5"),
        paragraph(problem, color="attention") if problem else None,
        *(fields if choices else [paragraph("There is no source yet. Ask an admin to add one.")]),
        actions=[
            execute("Next", Verb.WIZARD_SOURCES, style="positive", agent_id=agent.id),
            execute("Back", Verb.WIZARD_OPEN, is_validated=False, agent_id=agent.id, step="about"),
        ],
    )
