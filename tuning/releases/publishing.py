"""A release's way to its audience: the owner submits, another person who is an admin decides; each act in one piece."""

from collections.abc import Sequence

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import WrongState
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import DECISIONS, Decision, Release, ReleaseState
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import approval, rollouts
from tuning.releases.decisions import (
    begin_again,
    decide,
    locked,
    must_be_alone,
    must_be_undecided,
    replace_live,
    worded,
    worded_reason,
)
from tuning.releases.drift import must_be_readable
from tuning.releases.reach import EVERYBODY, must_reach_somebody
from tuning.store import agents, audit, notices, policy, releases

TWO = 2
"""Pairs of eyes."""


def submit(tenant: Tenant, actor_id: str, release_id: str, note: str = "", *, pilot: Sequence[str] = ()) -> Release:
    """Ask for a candidate to be published, if wanted to a pilot first; raise `WrongState` if nobody could decide on it.

    Raise `InvalidInput` for a pilot with nobody of the audience in it.
    """
    note = worded(note, mark("note"))
    with access.act(tenant, actor_id, release_id) as session:
        agent, release = locked(session, release_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_SUBMIT, release)
        admins = tenant.admins() - agent.owners
        if not admins:
            raise WrongState(
                say("There is no other admin, and nobody decides on an agent that is or was theirs. Name another one.")
            )
        others = _data_owners(session, tenant, agent, admins) - admins
        release.submit(note)
        if pilot:
            must_reach_somebody(tenant, release, pilot)
            release.pilot = list(pilot)
        session.add(release)
        notices.notify(session, NoticeKind.RELEASE_SUBMITTED, admins, release.id)
        notices.notify(session, NoticeKind.RELEASE_CONSENT_ASKED, others, release.id)
        what = {"pilot": release.pilot} if pilot else {}
        audit.record(session, Tag.RELEASE_SUBMITTED, actor_id, release.id, agent_id=agent.id, note=note, **what)
        return release


def withdraw(tenant: Tenant, actor_id: str, release_id: str) -> Release:
    """Take a submission back: the release is a candidate again, and nobody's word on it counts.

    Raise `WrongState` if it isn't submitted, as when somebody has decided meanwhile.
    """
    with access.act(tenant, actor_id, release_id) as session:
        _agent, release = locked(session, release_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_SUBMIT, release)
        release.withdraw()
        session.add(release)
        begin_again(session, actor_id, release)
        return release


def approve(tenant: Tenant, actor_id: str, release_id: str, reason: str = "") -> Release:
    """Make a submitted release the one that answers; the one before gives way in the same moment.

    Where a data owner has to agree, too, and hasn't yet, that happens as soon as one does.

    Raise `WrongState`, naming who it was, if another admin has decided already.
    """
    return approval.approve(tenant, actor_id, release_id, reason, EVERYBODY)


def reject(tenant: Tenant, actor_id: str, release_id: str, reason: str) -> Release:
    """Turn a submitted release down, as an admin or a data owner; the owner reads the reason."""
    reason = worded_reason(reason)
    with access.act(tenant, actor_id, release_id) as session:
        agent, release = locked(session, release_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_REJECT, release)
        must_be_undecided(session, tenant, release)
        release.reject()
        session.add(release)
        decide(session, actor_id, release, Decision.REJECTED, reason)
        notices.notify(session, NoticeKind.RELEASE_REJECTED, [agent.owner_id], release.id)
        audit.record(session, Tag.RELEASE_REJECTED, actor_id, release.id, agent_id=agent.id, reason=reason)
        return release


def revoke(tenant: Tenant, actor_id: str, agent_id: str, reason: str) -> Release:
    """Stop an agent's live release from answering, at once; where only a pilot answers, that."""
    reason = worded_reason(reason)
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_REVOKE, agent)
        release = _live(session, tenant, agent)
        release.revoke()
        _stop(session, agent, release)
        rollouts.take_out(session, tenant, actor_id, agent)
        decide(session, actor_id, release, Decision.REVOKED, reason)
        notices.notify(session, NoticeKind.RELEASE_REVOKED, [agent.owner_id], release.id)
        audit.record(session, Tag.RELEASE_REVOKED, actor_id, release.id, agent_id=agent.id, reason=reason)
        return release


def retire(tenant: Tenant, actor_id: str, agent_id: str, reason: str = "") -> Release:
    """End the service of an agent's live release in good order; it can be restored.

    What only some got is its owner's again, whether beside the live release or alone: nobody is asked to publish it.
    """
    reason = worded(reason, mark("reason"))
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_RETIRE, agent)
        release = _live(session, tenant, agent)
        release.retire()
        _stop(session, agent, release)
        rollouts.give_back(session, actor_id, agent)
        decide(session, actor_id, release, Decision.RETIRED, reason)
        notices.notify(session, NoticeKind.RELEASE_RETIRED, {agent.owner_id} - {actor_id}, release.id)
        audit.record(session, Tag.RELEASE_RETIRED, actor_id, release.id, agent_id=agent.id, reason=reason)
        return release


def roll_back(tenant: Tenant, actor_id: str, agent_id: str, number: int | None = None) -> Release:
    """Let an earlier release answer again, in the place of the live one: that number, or the one that was live before.

    While an agent has a canary, that is what ends, and the live release answers everybody again.

    Raise `WrongState` if there is none, and, naming who it was, if another admin has rolled back already: a second step
    back must be asked for by its number.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_RESTORE, agent)
        if agent.canary_release_id is not None and number is None:
            canary = releases.get_for_update(session, agent.canary_release_id)
            rollouts.roll_back(session, actor_id, agent, canary, "")
            notices.notify(session, NoticeKind.RELEASE_ROLLED_BACK, [agent.owner_id], canary.id)
            return canary
        must_be_alone(session, agent)
        release = _earlier(session, tenant, agent, number)
        must_be_readable(session, tenant, release)
        replaced = replace_live(session, agent, release)
        release.restore()
        session.add_all([release, agent])
        decide(session, actor_id, release, Decision.RESTORED, "")
        notices.notify(session, NoticeKind.RELEASE_RESTORED, [agent.owner_id], release.id)
        audit.record(
            session,
            Tag.RELEASE_RESTORED,
            actor_id,
            release.id,
            agent_id=agent.id,
            supersedes=replaced.id if replaced else None,
            adapter=release.adapter_sha256,
            audience=release.audience,
        )
        return release


def waiting(tenant: Tenant, actor_id: str) -> list[Release]:
    """Return the submitted releases that want the actor's word, the one that waits longest first."""
    with tenant.store.reading() as session:
        return [
            release
            for release in releases.in_state(session, ReleaseState.SUBMITTED)
            if approval.wanted(session, tenant, actor_id, release)
        ]


def _data_owners(session: Session, tenant: Tenant, agent: Agent, admins: frozenset[str]) -> frozenset[str]:
    """Return who may agree besides an admin; raise `WrongState` if the policy asks for it and nobody else could."""
    if not policy.get(session).data_owner_ids:
        return frozenset()
    found = access.data_owners(session, tenant) - agent.owners
    if not found or len(found | admins) < TWO:
        raise WrongState(
            say(
                "Your organisation asks a data owner besides an admin, and there is nobody else who could agree. Ask "
                "an admin to name one in the policy."
            )
        )
    return found


def _stop(session: Session, agent: Agent, release: Release) -> None:
    """Let an agent answer no more with a release that has been stopped: live, or else a pilot."""
    if agent.canary_release_id == release.id:
        agent.canary_release_id = None
    agent.live_release_id = None
    session.add_all([release, agent])


def _live(session: Session, tenant: Tenant, agent: Agent) -> Release:
    """Return what answers, kept from other changes: live, or else a pilot; raise `WrongState`, naming who ended it."""
    answering_id = agent.live_release_id or agent.canary_release_id
    if answering_id is not None:
        return releases.get_for_update(session, answering_id)
    if last := releases.last_decision(session, agent.id):
        decision, release = last
        if decision.decision in {Decision.REVOKED, Decision.RETIRED}:
            who = tenant.name_of(decision.decided_by)
            raise WrongState(
                say(
                    "{person} has already {decided} {release} of '{agent}'.",
                    person=who,
                    decided=say(DECISIONS[decision.decision]),
                    release=release.label,
                    agent=agent.name,
                )
            )
    raise WrongState(say("'{agent}' has no live release: nothing was changed.", agent=agent.name))


def _earlier(session: Session, tenant: Tenant, agent: Agent, number: int | None) -> Release:
    """Return the release to go back to, kept from other changes."""
    last = releases.last_decision(session, agent.id)
    if last is not None and last[0].decision == Decision.ROLLED_BACK and number is None:
        who = tenant.name_of(last[0].decided_by)
        raise WrongState(
            say(
                "{person} has already rolled back {release} of '{agent}'. Name another by number.",
                person=who,
                release=last[1].label,
                agent=agent.name,
            )
        )
    if last is not None and last[0].decision == Decision.RESTORED and number in {None, last[1].number}:
        who = tenant.name_of(last[0].decided_by)
        raise WrongState(
            say(
                "{person} has already rolled '{agent}' back to {release}. Name another by number.",
                person=who,
                release=last[1].label,
                agent=agent.name,
            )
        )
    found = releases.of_agent(session, agent.id)
    if number is None:
        states = {ReleaseState.SUPERSEDED, ReleaseState.RETIRED}
        earlier = [one for one in found if one.state in states and one.live_at is not None]
        found = sorted(earlier, key=lambda one: str(one.live_at), reverse=True)
    else:
        found = [one for one in found if one.number == number]
    if not found:
        if number is None:
            text = say("'{agent}' has not an earlier release that can answer: nothing was changed.", agent=agent.name)
        else:
            text = say("'{agent}' has not a release {number}: nothing was changed.", agent=agent.name, number=number)
        raise WrongState(text)
    if found[0].id == agent.live_release_id:
        raise WrongState(
            say(
                "Release {number} of '{agent}' answers already: nothing was changed.",
                number=found[0].number,
                agent=agent.name,
            )
        )
    return releases.get_for_update(session, found[0].id)
