"""Stopping a release for good, because it must not answer with what it learned."""

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import Release
from tuning.governance.tenant import Tenant
from tuning.releases import rollouts
from tuning.store import notices, releases


def suspend(session: Session, tenant: Tenant, actor_id: str, agent: Agent, release: Release) -> bool:
    """Suspend an agent's release, both kept from other changes, and return whether it was answering people."""
    was_answering = release.id in {agent.live_release_id, agent.canary_release_id}
    release.suspend()
    for kind in (NoticeKind.RELEASE_SUBMITTED, NoticeKind.RELEASE_CONSENT_ASKED):
        notices.settle(session, kind, release.id)
    if agent.canary_release_id == release.id:
        agent.canary_release_id = None
        releases.forget_ratings(session, release.id)
    if agent.live_release_id == release.id:
        agent.live_release_id = None
        rollouts.take_out(session, tenant, actor_id, agent)
    session.add_all([release, agent])
    return was_answering
