"""An owner's agents at a glance, with what can be done to each."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.drift import in_short
from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten
from adaptive_cards.numbers import percent
from adaptive_cards.usage import in_short as use_in_short
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.drift import Drift
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run
from tuning.domain.usage import UseLine
from tuning.languages import mark, number, say

MAX_AGENTS = 8


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Where one agent stands."""

    agent: Agent
    live: Release | None
    drift: Drift | None
    """What became of the documents that the live release learned from."""
    newest: Release | None
    run: Run | None
    """The one that is under way."""
    to_read: int
    """Feedback in the inbox."""
    use: UseLine | None
    """In the last days; None if nobody has asked."""
    days: int


def my_agents_card(overviews: Sequence[Overview]) -> Element:
    """Return a block per agent."""
    if not overviews:
        return card(
            heading(say("Your agents")), paragraph(say("You have none yet. Send **create agent** to make one."))
        )
    blocks = [block for one in overviews[:MAX_AGENTS] for block in _block(one)]
    hidden = len(overviews) - MAX_AGENTS
    return card(
        heading(say("Your agents")),
        *blocks,
        aside(say("and {count} more", count=number(hidden))) if hidden > 0 else None,
    )


def _block(one: Overview) -> list[Element]:
    agent = one.agent
    actions = [execute(say("Change"), Verb.WIZARD_OPEN, agent_id=agent.id, step="review")]
    if one.newest is not None and one.newest.state == ReleaseState.CANDIDATE:
        actions.insert(
            0, execute(say("Look at {release}", release=one.newest.label), Verb.RELEASE_OPEN, release_id=one.newest.id)
        )
    if one.to_read:
        actions.insert(
            0, execute(say("Inbox ({count})", count=number(one.to_read)), Verb.INBOX_OPEN, agent_id=agent.id, number=0)
        )
    actions.append(execute(say("Manage"), Verb.AGENT_MANAGE, agent_id=agent.id))
    if one.live is not None and not agent.is_paused:
        actions.append(execute(say("Ask it"), Verb.AGENT_PICK, agent_id=agent.id))
    if one.use is not None:
        actions.append(execute(say("Usage"), Verb.USAGE_OPEN, agent_id=agent.id, days=one.days))
    return [
        {**paragraph(f"**{escape(shorten(agent.name, 60))}**  \n{_state(one)}"), "separator": True},
        {"type": "ActionSet", "actions": actions},
    ]


def _state(one: Overview) -> str:
    parts = [say("{release} is live", release=one.live.label) if one.live else say("nothing is live yet")]
    if one.live is not None and one.agent.is_paused:
        parts.append(say("paused: it answers nobody for the moment"))
    parts += in_short(one.drift)
    if one.run is not None:
        parts.append(say("tuning, {share}", share=percent(one.run.progress)))
    if one.newest is not None and one.newest.state == ReleaseState.CANARY:
        newest, share = one.newest.label, number(one.newest.share)
        parts.append(say("{release} answers {share} % of its audience", release=newest, share=share))
    if one.newest is not None and one.newest.state == ReleaseState.PILOT:
        parts.append(say("{release} goes to its pilot", release=one.newest.label))
    if one.newest is not None and one.newest.state == ReleaseState.SUBMITTED:
        waits = (
            mark("{release} waits for a data owner") if one.newest.approved_by else mark("{release} waits for an admin")
        )
        parts.append(say(waits, release=one.newest.label))
    if one.use is not None:
        parts.append(use_in_short(one.use, one.days))
    return " · ".join(parts)
