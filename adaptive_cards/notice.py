"""Short news that a person gets unasked."""

from adaptive_cards.elements import Element, card, escape, execute, heading, paragraph, verbatim
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.releases import Release, ReleaseState


def approved_card(agent: Agent, release: Release, who: str, reason: str) -> Element:
    """Return, for the owner: it is live, or a canary."""
    is_canary = release.state == ReleaseState.CANARY
    whom = f"{release.share} % of its audience" if is_canary else "its audience"
    return card(
        heading(f"{escape(agent.name)}, {release.label} {'goes to some first' if is_canary else 'is live'}"),
        paragraph(f"{escape(who)} approved it. It answers {whom} now."),
        verbatim(reason) if reason else None,
        actions=[execute("Ask it", Verb.AGENT_PICK, agent_id=agent.id)],
    )


def rejected_card(agent: Agent, release: Release, who: str, reason: str) -> Element:
    """Return, for the owner: an admin turned it down or took it back, and why."""
    was = "took back" if release.live_at else "turned down"
    return card(
        heading(f"{escape(agent.name)}, {release.label}: {was.replace('took back', 'taken back')}"),
        paragraph(f"{escape(who)} {was} this release:"),
        verbatim(reason),
        actions=[execute("Change the agent", Verb.WIZARD_OPEN, agent_id=agent.id, step="review")],
    )


def suspended_card(agent: Agent, release: Release) -> Element:
    """Return, for the owner: it had to be stopped, and what to do."""
    return card(
        heading(f"{escape(agent.name)}, {release.label} was stopped"),
        paragraph("Something that it learned from has been erased. A new run learns without it."),
        actions=[execute("Start tuning", Verb.RUN_START, agent_id=agent.id)],
    )


def learned_card(agent: Agent, release: Release) -> Element:
    """Return, for whoever corrected an answer: the agent has learned it."""
    return card(
        heading("Your correction has been learned"),
        paragraph(
            f"{escape(agent.name)} answers with {release.label} now, which has learned what you wrote. Thank you."
        ),
        actions=[execute("Ask it", Verb.AGENT_PICK, agent_id=agent.id)],
    )
