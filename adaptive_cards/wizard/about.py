"""Step 2: the questionnaire, the instructions, and questions to start with."""

from adaptive_cards.elements import Element, card, escape, execute, heading, paragraph, text_input
from adaptive_cards.verbs import Verb
from tuning.domain.agents import MAX_STARTERS, QUESTIONNAIRES, Agent


def about_card(agent: Agent, problem: str = "") -> Element:
    """Return the form, filled with what is known."""
    questions = [
        text_input(f"about_{key}", question, value=agent.questionnaire.get(key, ""), longest=500, is_required=True)
        for key, question in QUESTIONNAIRES[agent.task].items()
    ]
    return card(
        heading(f"{escape(agent.name)} · 2 of 5"),
        paragraph(problem, color="attention") if problem else None,
        *questions,
        text_input(
            "instructions",
            "Instructions: how should it answer?",
            value=agent.instructions,
            placeholder="Answer in one or two sentences.",
            longest=2_000,
            is_multiline=True,
        ),
        text_input(
            "starters",
            f"Questions to start with, one a line ({MAX_STARTERS} at most)",
            value="\n".join(agent.starters),
            longest=1_300,
            is_multiline=True,
        ),
        actions=[execute("Next", Verb.WIZARD_ABOUT, style="positive", agent_id=agent.id)],
    )
