"""Step 5: what the agent would learn from, what is left out and why, and the start."""

from collections.abc import Sequence

from adaptive_cards.drift import in_short
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
from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.details import TASKS
from tuning.domain.agents import Agent
from tuning.domain.documents import Coverage, Redaction
from tuning.domain.drift import Drift
from tuning.domain.inspection import KINDS, SecretKind
from tuning.languages import number, retell, say, say_many

MAX_EXCLUSIONS = 8
MAX_SUGGESTIONS = 4
MAX_REDACTIONS = 5


def review_card(
    agent: Agent,
    coverage: Coverage,
    suggestions: Sequence[str],
    audience: Sequence[str],
    *,
    drift: Drift | None = None,
    problem: str = "",
) -> Element:
    """Return the summary with coverage, exclusions, suggestions, drift of what is live, and the button for a run."""
    gaps = agent.missing()
    left_out = coverage.exclusions
    hidden = len(left_out) - MAX_EXCLUSIONS
    return card(
        heading(say("{agent} · {number} of 5", agent=escape(agent.name), number=5)),
        paragraph(problem, color="attention") if problem else None,
        facts(
            {
                say("Task"): say(TASKS[agent.task]),
                say("Audience"): escape(", ".join(audience)) or say("only you"),
                say("Learns from"): say_many(
                    "{eligible} of {count} document",
                    "{eligible} of {count} documents",
                    coverage.total,
                    eligible=number(len(coverage.eligible_ids)),
                ),
            }
        ),
        *([label(say("Since the live release learned")), bullets(in_short(drift))] if in_short(drift) else []),
        *([label(say("Still missing")), bullets(escape(gap) for gap in gaps)] if gaps else []),
        *(
            [
                label(say_many("{count} document left out", "{count} documents left out", len(left_out))),
                bullets(
                    f"{escape(shorten(one.title, 60))}: {escape(retell(one.reason))}"
                    for one in left_out[:MAX_EXCLUSIONS]
                ),
            ]
            if left_out
            else []
        ),
        aside(say("and {count} more", count=number(hidden))) if hidden > 0 else None,
        *_redactions(coverage.redactions),
        *(
            [label(say("What would help")), bullets(escape(one) for one in suggestions[:MAX_SUGGESTIONS])]
            if suggestions
            else []
        ),
        actions=[
            *([] if gaps else _starts(agent)),
            execute(say("Instructions"), Verb.WIZARD_OPEN, agent_id=agent.id, step="about"),
            execute(say("Sources"), Verb.WIZARD_OPEN, agent_id=agent.id, step="sources"),
            execute(say("Audience"), Verb.WIZARD_OPEN, agent_id=agent.id, step="audience"),
        ],
    )


def _starts(agent: Agent) -> list[Element]:
    return [
        execute(say("Start tuning"), Verb.RUN_START, style="positive", agent_id=agent.id),
        execute(say("Look at samples first"), Verb.RUN_START, agent_id=agent.id, labels="first"),
    ]


def _redactions(found: Sequence[Redaction]) -> list[Element]:
    """Return the documents whose secrets were taken out: which, and of what kind, never what."""
    if not found:
        return []
    hidden = len(found) - MAX_REDACTIONS
    lines = [
        f"{escape(shorten(one.title, 60))}: "
        + ", ".join(f"{say(KINDS[SecretKind(kind)])} ({number(count)})" for kind, count in sorted(one.counts.items()))
        for one in found[:MAX_REDACTIONS]
    ]
    return [
        label(
            say_many(
                "{count} document is learned from without its secrets",
                "{count} documents are learned from without their secrets",
                len(found),
            )
        ),
        bullets(lines),
        *([aside(say("and {count} more", count=number(hidden)))] if hidden > 0 else []),
    ]
