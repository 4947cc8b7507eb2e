"""An owner's agents at a glance, with what can be done to each."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.drift import in_short
from adaptive_cards.elements import Element, card, escape, execute, facts, heading, paragraph, shorten
from adaptive_cards.numbers import percent
from adaptive_cards.pages import Page
from adaptive_cards.usage import days_of, satisfied, used
from adaptive_cards.verbs import Verb
from tuning.domain.agents import STATES, Agent, AgentState
from tuning.domain.drift import Drift
from tuning.domain.releases import STATES as RELEASE_STATES
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run
from tuning.domain.usage import Use, UseLine
from tuning.languages import day, mark, number, say

PAGE = 6
"""Agents on one."""
MAX_NAMED = 3
MAX_BUTTONS = 6
"""Teams shows no more of one set."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Where one agent stands."""

    agent: Agent
    state: AgentState
    audience: Sequence[str]
    """The names of whom the live release answers, or of whom one will; none: only the owner."""
    needs_run: bool
    """Whether something was changed that counts in full only after a new run."""
    live: Release | None
    drift: Drift | None
    """What became of the documents that the live release learned from; None: not compared yet."""
    newest: Release | None
    waiting: Release | None
    """The newest that waits for a decision, which its owner can take back."""
    run: Run | None
    """The one that is under way."""
    to_read: int
    """Feedback in the inbox."""
    use: UseLine | None
    """In the last days; None if nobody has asked."""
    days: int


def my_agents_card(overviews: Sequence[Overview], page: Page) -> Element:
    """Return a page of a person's agents, a block for each."""
    if not overviews:
        return card(
            heading(say("Your agents")), paragraph(say("You have none yet. Send **create agent** to make one."))
        )
    blocks = [block for one in overviews for block in _block(one)]
    return card(heading(say("Your agents")), *blocks, page.place(), actions=page.steps(Verb.MY_AGENTS_OPEN))


def _block(one: Overview) -> list[Element]:
    agent = one.agent
    actions = [execute(say("Change"), Verb.WIZARD_OPEN, agent_id=agent.id, step="review")]
    candidate = one.newest if one.newest is not None and one.newest.state == ReleaseState.CANDIDATE else None
    actions[:0] = [
        execute(say("Look at {release}", release=release.label), Verb.RELEASE_OPEN, release_id=release.id)
        for release in (candidate, one.waiting)
        if release is not None
    ]
    if one.to_read:
        actions.insert(
            0, execute(say("Inbox ({count})", count=number(one.to_read)), Verb.INBOX_OPEN, agent_id=agent.id, number=0)
        )
    actions.append(execute(say("Manage"), Verb.AGENT_MANAGE, agent_id=agent.id))
    if one.live is not None and not agent.is_paused:
        actions.append(execute(say("Ask it"), Verb.AGENT_PICK, agent_id=agent.id))
    if one.use is not None:
        actions.append(execute(say("Usage"), Verb.USAGE_OPEN, agent_id=agent.id, days=one.days))
    title = f"{agent.icon} **{escape(shorten(agent.name, 60))}** · {say(STATES[one.state])}".lstrip()
    return [
        {**paragraph(title), "separator": True},
        facts(_glance(one)),
        *(
            {"type": "ActionSet", "actions": actions[first : first + MAX_BUTTONS]}
            for first in range(0, len(actions), MAX_BUTTONS)
        ),
    ]


def _glance(one: Overview) -> dict[str, str]:
    """Return what an owner wants to know of an agent at a glance."""
    known = {
        say("Release"): _release(one),
        say("Audience"): _audience(one.audience),
        say("Usage"): used(one.use, one.days) if one.use else say("nobody asked in {days}", days=days_of(one.days)),
        say("Satisfaction"): satisfied(one.use.use if one.use else Use()),
    }
    if one.live is not None:
        known[say("Documents")] = ". ".join(in_short(one.drift)) or (
            say("as it learned them") if one.drift else say("not compared yet")
        )
    if one.needs_run:
        known[say("Changes")] = say("not all learned yet: takes a new run")
    return known


def _audience(names: Sequence[str]) -> str:
    shown = escape(", ".join(shorten(name, 40) for name in names[:MAX_NAMED]))
    hidden = len(names) - MAX_NAMED
    return (
        say("{names} and {count} more", names=shown, count=number(hidden)) if hidden > 0 else shown or say("only you")
    )


def _release(one: Overview) -> str:
    parts = [_live(one.live)]
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
    if one.newest is not None and one.newest.state == ReleaseState.SUSPENDED:
        parts.append(say("{release} is {state}", release=one.newest.label, state=say(RELEASE_STATES[one.newest.state])))
    return " · ".join(parts)


def _live(release: Release | None) -> str:
    if release is None:
        return say("nothing is live yet")
    if release.live_at is None:
        return say("{release} is live", release=release.label)
    return say("{release} since {day}", release=release.label, day=day(release.live_at))
