"""A release's way over a pilot: people of its audience whom an owner proposes and an admin names get it first.

They are chosen, not drawn, so what they think is for an admin to judge: nothing is rolled back by itself.
"""

from collections.abc import Sequence
from datetime import UTC

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.usage import Use
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import number, say, say_many
from tuning.releases import approval, rollouts
from tuning.releases.reach import Reach, must_reach_somebody
from tuning.store import agents, audit, releases, usage


def begin(tenant: Tenant, actor_id: str, release_id: str, pilot: Sequence[str], reason: str = "") -> Release:
    """Let some people get a submitted release, beside the live one if there is one.

    Raise `InvalidInput` if nobody of the audience is among them, and `WrongState`, naming who it was, if another admin
    has decided already.
    """
    if not pilot:
        raise InvalidInput(say("Name the groups or people who get it first."))
    return approval.approve(tenant, actor_id, release_id, reason, Reach(pilot=tuple(pilot)))


def let_in(tenant: Tenant, actor_id: str, agent_id: str, principal_ids: Sequence[str]) -> Release:
    """Let further people get an agent's pilot."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, agent)
        release = _pilot(session, agent)
        must_reach_somebody(tenant, release, principal_ids)
        before = release.pilot
        release.let_in(list(principal_ids))
        if release.pilot == before:
            raise WrongState(say("They get it already: nothing was changed."))
        session.add(release)
        audit.record(
            session, Tag.RELEASE_WIDENED, actor_id, release.id, agent_id=agent.id, pilot=release.pilot, before=before
        )
        return release


def complete(tenant: Tenant, actor_id: str, agent_id: str) -> Release:
    """Let an agent's pilot answer its whole audience; the live release gives way."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, agent)
        release = _pilot(session, agent)
        rollouts.complete(session, actor_id, agent, release)
        return release


def current(tenant: Tenant, actor_id: str, agent_id: str) -> Release:
    """Return an agent's pilot; raise `WrongState` if there is none."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_APPROVE, agent)
        return _pilot(session, agent)


def standing(session: Session, release: Release) -> str:
    """Return how many people have asked a pilot, and what they think of it, as sentences."""
    since = release.created_at.astimezone(UTC).date()
    used = usage.by_release(session, [release.agent_id], since).get((release.agent_id, release.id), Use())
    people = usage.people_by_release(session, release.agent_id, since).get(release.id, 0)
    if not people:
        return say("Nobody has asked it yet.")
    asked = say_many("{count} person has asked it.", "{count} people have asked it.", people)
    return f"{asked} " + say(
        "{likes} thumbs up, {dislikes} down, {corrections} corrections.",
        likes=number(used.likes),
        dislikes=number(used.dislikes),
        corrections=number(used.corrections),
    )


def _pilot(session: Session, agent: Agent) -> Release:
    """Return an agent's pilot, kept from other changes."""
    if agent.canary_release_id is not None:
        first = releases.get_for_update(session, agent.canary_release_id)
        if first.state == ReleaseState.PILOT:
            return first
    raise WrongState(
        say(
            "'{agent}' has no pilot. Begin one with **approve**, the id of a submitted release, **pilot**, and the "
            "groups or people.",
            agent=agent.name,
        )
    )
