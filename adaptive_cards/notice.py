"""Short news that a person gets unasked."""

from collections.abc import Sequence

from adaptive_cards.drift import Lost, lost_documents
from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, verbatim
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.documents import Source
from tuning.domain.releases import Release, ReleaseState
from tuning.languages import day, number, retell, say


def approved_card(agent: Agent, release: Release, who: str, reason: str) -> Element:
    """Return, for the owner: it is live, a canary or a pilot."""
    names = {"agent": escape(agent.name), "release": release.label}
    if release.state == ReleaseState.PILOT:
        title = say("{agent}, {release} goes to its pilot first", **names)
        news = say("{person} approved it. Its pilot gets it now.", person=escape(who))
    elif release.state == ReleaseState.CANARY:
        title, share = say("{agent}, {release} goes to some first", **names), number(release.share)
        news = say("{person} approved it. It answers {share} % of its audience now.", person=escape(who), share=share)
    else:
        title = say("{agent}, {release} is live", **names)
        news = say("{person} approved it. It answers its audience now.", person=escape(who))
        if agent.is_paused:
            news = say("{person} approved it. It answers its audience as soon as you resume it.", person=escape(who))
    return card(
        heading(title),
        paragraph(news),
        verbatim(reason) if reason else None,
        actions=[execute(say("Ask it"), Verb.AGENT_PICK, agent_id=agent.id)],
    )


def rejected_card(agent: Agent, release: Release, who: str, reason: str) -> Element:
    """Return, for the owner: an admin turned it down or took it back, and why."""
    names = {"agent": escape(agent.name), "release": release.label}
    if release.live_at or release.state == ReleaseState.REVOKED:  # a pilot never was live
        title = say("{agent}, {release}: taken back", **names)
        news = say("{person} took back this release:", person=escape(who))
    else:
        title = say("{agent}, {release}: turned down", **names)
        news = say("{person} turned down this release:", person=escape(who))
    return card(
        heading(title),
        paragraph(news),
        verbatim(reason),
        actions=[execute(say("Change the agent"), Verb.WIZARD_OPEN, agent_id=agent.id, step="review")],
    )


def suspended_card(agent: Agent, release: Release) -> Element:
    """Return, for the owner: it had to be stopped, and what to do."""
    return card(
        heading(say("{agent}, {release} was stopped", agent=escape(agent.name), release=release.label)),
        paragraph(say("Something that it learned from has been erased. A new run learns without it.")),
        actions=[execute(say("Start tuning"), Verb.RUN_START, agent_id=agent.id)],
    )


def drifted_card(agent: Agent, release: Release, lost: Sequence[Lost], *, is_owner: bool) -> Element:
    """Return, for owner or admin: some may not read any more what it learned from, and what has been done."""
    names = {"agent": escape(agent.name), "release": release.label}
    if release.state == ReleaseState.SUSPENDED:
        title = say("{agent}, {release} was stopped", **names)
        news = say("Your organisation lets no release answer that learned from documents not all may read.")
    elif release.state == ReleaseState.SUBMITTED:
        title, news = say("{agent}, {release}: permissions have drifted", **names), say("It waits for a decision.")
    else:
        title, news = say("{agent}, {release}: permissions have drifted", **names), say("It goes on answering.")
    help_ = _owners_help(release) if is_owner else _admins_help(agent, release)
    actions = [execute(say("Start tuning"), Verb.RUN_START, agent_id=agent.id)] if is_owner else []
    return card(
        heading(title), paragraph(news), *lost_documents(lost), aside(help_) if help_ else None, actions=actions
    )


def _owners_help(release: Release) -> str:
    if release.state == ReleaseState.SUSPENDED:  # for good, whoever may read what again
        return say("A new run learns without these documents.")
    return say("Have the documents shared with them again, or start tuning: a new run learns without them.")


def _admins_help(agent: Agent, release: Release) -> str:
    """Return the command that stops this very release: one for an agent acts on what is live, if something is."""
    match release.state:
        case ReleaseState.SUBMITTED:
            return say("To turn it down: **reject {id}** and a reason.", id=release.id)
        case ReleaseState.CANARY | ReleaseState.PILOT:
            return say("To end it: **rollback {id}**. **policy drift suspend** stops it by itself.", id=agent.id)
        case ReleaseState.LIVE:
            return say(
                "To stop it: **revoke {id}** and a reason. **policy drift suspend** does so by itself.", id=agent.id
            )
        case _:
            return ""


def source_failed_card(source: Source) -> Element:
    """Return, for whoever's agents learn from a source: it could not be synced, and what happens now."""
    last = say("Agents know it as it was on {day}.", day=day(source.synced_at)) if source.synced_at else ""
    if last and source.readable_until is not None:
        fears = say(
            "If that doesn't work, they find nothing in it from {day} on, as nobody knows then who may read it.",
            day=day(source.readable_until),
        )
        last = f"{last} {fears}"
    return card(
        heading(say("{source} could not be synced", source=escape(source.name))),
        paragraph(escape(retell(source.sync_error))),
        paragraph(f"{say('It is tried again by itself.')} {last}".strip()),
    )


def learned_card(agent: Agent, release: Release) -> Element:
    """Return, for whoever corrected an answer: the agent has learned it."""
    return card(
        heading(say("Your correction has been learned")),
        paragraph(
            say(
                "{agent} answers with {release} now, which has learned what you wrote. Thank you.",
                agent=escape(agent.name),
                release=release.label,
            )
        ),
        actions=[execute(say("Ask it"), Verb.AGENT_PICK, agent_id=agent.id)],
    )
