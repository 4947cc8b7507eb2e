"""A run that failed: what happened, what to do, and another try."""

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, wrong
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.runs import Run
from tuning.languages import retell, say


def failure_card(agent: Agent, run: Run) -> Element:
    """Return the failure with its remedy and code."""
    return card(
        heading(say("Tuning {agent} failed", agent=escape(agent.name))),
        wrong(retell(run.error) or say("Something went wrong.")),
        paragraph(escape(retell(run.remedy))) if run.remedy else None,
        aside(
            say(
                "Nothing has changed for the people who use the agent. Code: {code}",
                code=escape(run.failure) or say("unknown"),
            )
        ),
        actions=[
            execute(say("Try again"), Verb.RUN_RETRY, style="positive", run_id=run.id),
            execute(say("Change the agent"), Verb.WIZARD_OPEN, agent_id=agent.id, step="review"),
        ],
    )
