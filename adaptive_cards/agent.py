"""An agent introduces itself: what it does, and questions to begin with."""

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.prompts import Task
from tuning.domain.releases import Release

HOW = {
    Task.QUESTIONS: "Ask me anything about it.",
    Task.GENERATION: "Send me a brief, and I draft the document.",
    Task.SUMMARY: "Paste a text or attach a document, and I summarise it.",
}


def agent_card(agent: Agent, release: Release, *, is_trial: bool = False) -> Element:
    """Return the introduction with the starters as buttons."""
    about = f"{escape(agent.description)} {HOW[agent.task]}".strip()
    starters = [
        execute(shorten(text, 60), Verb.STARTER_ASK, agent_id=agent.id, number=number)
        for number, text in enumerate(agent.starters)
    ]
    trial = f"You are trying {release.label}, which only you can see. Send **agents** to go back."
    return card(
        heading(f"You are talking to {escape(agent.name)}"),
        paragraph(about),
        aside(
            trial if is_trial else f"{release.label.capitalize()}. Send **new** to start over, **agents** to switch."
        ),
        actions=starters,
    )
