"""Step 3: where the agent's documents come from."""

from collections.abc import Sequence

from adaptive_cards.elements import Element, card, choice_input, escape, execute, heading, paragraph
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.documents import Source
from tuning.languages import say, say_many

MAX_SHOWN = 60


def sources_card(agent: Agent, sources: Sequence[tuple[Source, int]], problem: str = "") -> Element:
    """Return the form: sources with the number of documents that each holds."""
    choices = [(_title(source, documents), source.id) for source, documents in sources[:MAX_SHOWN]]
    fields = [
        choice_input(
            "sources",
            say("What may it learn from and look things up in?"),
            choices,
            value=",".join(agent.source_ids),
            is_multiple=True,
            is_required=True,
        )
    ]
    return card(
        heading(say("{agent} · {number} of 5", agent=escape(agent.name), number=3)),
        paragraph(problem, color="attention") if problem else None,
        *(fields if choices else [paragraph(say("There is no source yet. Ask an admin to add one."))]),
        actions=[
            execute(say("Next"), Verb.WIZARD_SOURCES, style="positive", agent_id=agent.id),
            execute(say("Back"), Verb.WIZARD_OPEN, is_validated=False, agent_id=agent.id, step="about"),
        ],
    )


def _title(source: Source, documents: int) -> str:
    # Also for one: "1 documents" is how it was.
    return say_many("{source} ({count} documents)", "{source} ({count} documents)", documents, source=source.name)
