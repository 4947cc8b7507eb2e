"""A release's way over a share of its audience: it begins, grows, becomes live, or is rolled back by what people think.

Only an admin makes a share grow: few people rate, and that nobody has objected yet is no reason to go on. Back it goes
by itself.
"""

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import NotFound, WrongState
from tuning.domain.feedback import Feedback, Reaction
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import WHOLE, CanaryRating, Decision, Release, ReleaseState, must_be_part
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import in_english, number, say, say_many
from tuning.releases import approval
from tuning.releases.canary import Tally, is_chosen, tally
from tuning.releases.decisions import begin_again, decide, replace_live, tell_teachers
from tuning.releases.reach import Reach
from tuning.store import agents, audit, conversations, notices, releases


def begin(tenant: Tenant, actor_id: str, release_id: str, share: int, reason: str = "") -> Release:
    """Let a share of the audience, in percent, get a submitted release in the place of the live one.

    Raise `WrongState`, naming who it was, if another admin has decided already, or if nothing is live to compare with.
    """
    must_be_part(share)
    return approval.approve(tenant, actor_id, release_id, reason, Reach(share=share))


def widen(tenant: Tenant, actor_id: str, agent_id: str, share: int) -> Release:
    """Let more of the audience get an agent's canary; at 100 % it is live, and the release before gives way."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, agent)
        release = _canary(session, tenant, agent)
        if share == WHOLE:
            complete(session, actor_id, agent, release)
            return release
        before = release.share
        release.widen(share)
        session.add(release)
        audit.record(
            session, Tag.RELEASE_WIDENED, actor_id, release.id, agent_id=agent.id, share=share, share_before=before
        )
        return release


def complete(session: Session, actor_id: str, agent: Agent, release: Release) -> None:
    """Make what some got first the one that answers everybody, both kept from other changes."""
    replaced = replace_live(session, agent, release)
    release.complete()
    _leave(session, agent, release)
    decide(session, actor_id, release, Decision.APPROVED, "")
    notices.notify(session, NoticeKind.RELEASE_APPROVED, [agent.owner_id], release.id)
    tell_teachers(session, release)
    audit.record(
        session,
        Tag.RELEASE_APPROVED,
        actor_id,
        release.id,
        agent_id=agent.id,
        reason="",
        supersedes=replaced.id if replaced else None,
        adapter=release.adapter_sha256,
        audience=release.audience,
    )


def current(tenant: Tenant, actor_id: str, agent_id: str) -> Release:
    """Return an agent's canary; raise `WrongState` if there is none."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, agent)
        return _canary(session, tenant, agent)


def roll_back(session: Session, actor_id: str, agent: Agent, release: Release, reason: str) -> None:
    """End what some get first, both kept from other changes: the live release answers everybody again at once."""
    release.roll_back()
    _leave(session, agent, release)
    decide(session, actor_id, release, Decision.ROLLED_BACK, reason)
    audit.record(session, Tag.RELEASE_ROLLED_BACK, actor_id, release.id, agent_id=agent.id, reason=reason)


def take_out(session: Session, tenant: Tenant, actor_id: str, agent: Agent) -> None:
    """End what some of an agent's people get first, if there is that, because its live release has been stopped.

    It waits for a decision again. Else what was stopped would go on answering some, with a release that nothing is left
    to compare with.
    """
    if agent.canary_release_id is None:
        return
    release = releases.get_for_update(session, agent.canary_release_id)
    release.wait_again()
    _leave(session, agent, release)
    notices.notify(session, NoticeKind.RELEASE_SUBMITTED, tenant.admins() - agent.owners, release.id)
    audit.record(session, Tag.RELEASE_RETURNED, actor_id, release.id, agent_id=agent.id)


def give_back(session: Session, actor_id: str, agent: Agent) -> None:
    """End what some of an agent's people get first, if there is that, because its live release has been retired.

    It is a candidate again. Nobody is asked to decide on it: one press would let a retired agent answer.
    """
    if agent.canary_release_id is None:
        return
    release = releases.get_for_update(session, agent.canary_release_id)
    release.give_back()
    _leave(session, agent, release)
    begin_again(session, actor_id, release)


def rated(tenant: Tenant, given: Feedback) -> None:
    """Count what a person said about an answer, if a canary is compared just then, and roll it back if it is worse.

    Only a person's first word counts, and only by people who could have got either release. Saying it again, as when
    Teams delivers it twice, changes nothing.
    """
    with tenant.store.reading() as session:
        if agents.get(session, given.agent_id).canary_release_id is None:
            return
    with tenant.store.transaction() as session:
        agent = agents.get_for_update(session, given.agent_id)
        if agent.canary_release_id is None:
            return
        canary = releases.get_for_update(session, agent.canary_release_id)
        if canary.state != ReleaseState.CANARY:
            return  # a pilot's people are chosen, not drawn: what they think tells nothing of the others
        rating = _rating(session, tenant, agent, canary, given)
        if rating is None or not releases.rate(session, rating):
            return
        counted = counts(session, canary)
        if not counted.is_worse:
            return
        reason = _sentences(counted, canary, releases.get(session, agent.live_release_id or ""))
        why = in_english(say("It is rated worse than the live release. {ratings}", ratings=reason))
        roll_back(session, audit.WORKER, agent, canary, why)
        notices.notify(session, NoticeKind.RELEASE_ROLLED_BACK, {agent.owner_id} | tenant.admins(), canary.id)


def release_for(session: Session, tenant: Tenant, agent: Agent, person_id: str) -> Release:
    """Return the release that answers a person of a live agent's audience."""
    if agent.canary_release_id is not None:
        canary = releases.get(session, agent.canary_release_id)
        if access.is_in_pilot(tenant, person_id, canary):
            return canary
        is_theirs = canary.state == ReleaseState.CANARY and is_chosen(person_id, canary.id, canary.share)
        if is_theirs and access.is_in(tenant, person_id, canary.audience):
            return canary
    if agent.live_release_id is None:
        raise NotFound
    return releases.get(session, agent.live_release_id)


def counts(session: Session, canary: Release) -> Tally:
    """Return what people think of a canary and of the live release beside it."""
    found = releases.ratings(session, canary.id)
    return tally([one.is_canary for one in found], [one.is_good for one in found])


def standing(session: Session, canary: Release) -> str:
    """Return what people think of a canary and of the live release beside it, as sentences."""
    live_id = agents.get(session, canary.agent_id).live_release_id or ""
    return _sentences(counts(session, canary), canary, releases.get(session, live_id))


def _sentences(counted: Tally, canary: Release, live: Release) -> str:
    return say(
        "Release {canary}: {canary_liked}. Release {live}: {live_liked}.",
        canary=canary.number,
        canary_liked=_liked(counted.good, counted.rated),
        live=live.number,
        live_liked=_liked(counted.live_good, counted.live_rated),
    )


def _liked(good: int, rated: int) -> str:
    if not rated:
        return say("nobody has rated it yet")
    return say_many(
        "{good} of {count} person who rated it liked it ({share} %)",
        "{good} of {count} people who rated it liked it ({share} %)",
        rated,
        good=number(good),
        share=f"{100 * good / rated:.0f}",
    )


def _rating(session: Session, tenant: Tenant, agent: Agent, canary: Release, given: Feedback) -> CanaryRating | None:
    """Return what feedback says about either release, as far as it can be compared."""
    if given.reaction is None and not given.correction:
        return None
    answer = conversations.answer(session, given.answer_id)
    is_trial = conversations.get(session, answer.conversation_id).release_id is not None
    is_early = canary.canary_at is None or answer.asked_at < canary.canary_at
    if is_trial or is_early or answer.release_id not in {canary.id, agent.live_release_id}:
        return None
    if not access.is_in(tenant, given.person_id, canary.audience):
        return None
    return CanaryRating(
        release_id=canary.id,
        person_id=given.person_id,
        is_canary=answer.release_id == canary.id,
        is_good=given.reaction == Reaction.LIKE and not given.correction,
    )


def _canary(session: Session, tenant: Tenant, agent: Agent) -> Release:
    """Return an agent's canary, kept from other changes; raise `WrongState`, naming who ended it, if there is none."""
    if agent.canary_release_id is not None:
        first = releases.get_for_update(session, agent.canary_release_id)
        if first.state == ReleaseState.CANARY:
            return first
        raise WrongState(
            say(
                "{release} of '{agent}' is a pilot, not a canary. Send **pilot {id}** to see how it does.",
                release=first.label.capitalize(),
                agent=agent.name,
                id=agent.id,
            )
        )
    if (last := releases.last_decision(session, agent.id)) and last[0].decision == Decision.ROLLED_BACK:
        raise WrongState(
            say(
                "{person} has already rolled back {release}.",
                person=tenant.name_of(last[0].decided_by),
                release=last[1].label,
            )
        )
    raise WrongState(
        say(
            "'{agent}' has no canary. Begin one with **approve**, the id of a submitted release, and **canary 10**.",
            agent=agent.name,
        )
    )


def _leave(session: Session, agent: Agent, release: Release) -> None:
    """End the comparison, and forget who thought what: the numbers are in the decision."""
    agent.canary_release_id = None
    releases.forget_ratings(session, release.id)
    session.add_all([release, agent])
