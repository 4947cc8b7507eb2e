"""Step 5: what the agent would learn from, what is left out and why, and the start."""

from collections.abc import Sequence

from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    card,
    escape,
    execute,
    facts,
    heading,
    label,
    paragraph,
    shorten,
)
from adaptive_cards.numbers import count
from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.details import TASKS
from tuning.domain.agents import Agent
from tuning.domain.documents import Coverage

MAX_EXCLUSIONS = 8
MAX_SUGGESTIONS = 4


def review_card(
    agent: Agent, coverage: Coverage, suggestions: Sequence[str], audience: Sequence[str], *, problem: str = ""
) -> Element:
    """Return the summary with coverage, exclusions, suggestions and the button that starts a run."""
    gaps = agent.missing()
    left_out = coverage.exclusions
    hidden = len(left_out) - MAX_EXCLUSIONS
    return card(
        heading(f"{escape(agent.name)} · 5 of 5"),
        paragraph(problem, color="attention") if problem else None,
        facts(
            {
                "Task": TASKS[agent.task],
                "Audience": escape(", ".join(audience)) or "only you",
                "Learns from": f"{len(coverage.eligible_ids)} of {count(coverage.total, 'document')}",
            }
        ),
        *([label("Still missing"), bullets(escape(gap) for gap in gaps)] if gaps else []),
        *(
            [
                label(f"{count(len(left_out), 'document')} left out"),
                bullets(f"{escape(shorten(one.title, 60))}: {escape(one.reason)}" for one in left_out[:MAX_EXCLUSIONS]),
            ]
            if left_out
            else []
        ),
        aside(f"and {hidden} more") if hidden > 0 else None,
        *(
            [label("What would help"), bullets(escape(one) for one in suggestions[:MAX_SUGGESTIONS])]
            if suggestions
            else []
        ),
        actions=[
            *([] if gaps else [execute("Start tuning", Verb.RUN_START, style="positive", agent_id=agent.id)]),
            execute("Instructions", Verb.WIZARD_OPEN, agent_id=agent.id, step="about"),
            execute("Sources", Verb.WIZARD_OPEN, agent_id=agent.id, step="sources"),
            execute("Audience", Verb.WIZARD_OPEN, agent_id=agent.id, step="audience"),
        ],
    )
