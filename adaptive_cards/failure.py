"""A run that failed: what happened, what to do, and another try."""

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.runs import Run


def failure_card(agent: Agent, run: Run) -> Element:
    """Return the failure with its remedy and code."""
    return card(
        heading(f"Tuning {escape(agent.name)} failed"),
        paragraph(escape(run.error or "Something went wrong."), color="attention"),
        paragraph(escape(run.remedy)) if run.remedy else None,
        aside(f"Nothing has changed for the people who use the agent. Code: {escape(run.failure) or 'unknown'}"),
        actions=[
            execute("Try again", Verb.RUN_RETRY, style="positive", run_id=run.id),
            execute("Change the agent", Verb.WIZARD_OPEN, agent_id=agent.id, step="review"),
        ],
    )
