"""After a sync: every release that answers or waits for a decision is compared with what became of its documents.

Who may not read a document any more is told to owner and admins once, and what the policy says is done.
"""

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.drift import Drift
from tuning.domain.notices import NoticeKind
from tuning.domain.policy import DriftAction
from tuning.domain.releases import FIRST, Release, ReleaseState
from tuning.governance.tenant import Tenant
from tuning.releases.decisions import locked
from tuning.releases.drift import look
from tuning.releases.suspension import suspend
from tuning.store import audit, notices, policy, releases
from tuning.store import drift as stored

WATCHED = (ReleaseState.LIVE, *FIRST, ReleaseState.SUBMITTED)
_REASON = "Some of its audience may no longer read documents that it learned from."


def compare(tenant: Tenant) -> None:
    """Compare every watched release with its documents; raise DirectoryUnreadable if nobody knows who is who."""
    with tenant.store.reading() as session:
        watched = [release for state in WATCHED for release in releases.in_state(session, state)]
    for release in watched:
        with tenant.store.reading() as session:
            found = look(session, tenant, release)
        _keep(tenant, found)
    _forget_others(tenant)


def _keep(tenant: Tenant, found: Drift) -> None:
    with tenant.store.transaction() as session:
        agent, release = locked(session, found.release_id)
        if release.state not in WATCHED:
            return
        before = stored.get(session, release.id)
        is_new = found.exceeds(before)
        is_settled = before is not None and bool(before.lost) and not found.lost
        stored.save(session, found)
        is_waiting = release.state == ReleaseState.SUBMITTED
        is_stopped = bool(found.lost) and not is_waiting and policy.get(session).drift_action == DriftAction.SUSPEND
        if is_stopped:
            suspend(session, tenant, audit.WORKER, agent, release)
        if is_settled or is_new or is_stopped:
            notices.settle(session, NoticeKind.RELEASE_DRIFTED, release.id)
        if is_new or is_stopped:
            notices.notify(session, NoticeKind.RELEASE_DRIFTED, {agent.owner_id} | tenant.admins(), release.id)
        if is_new:
            _record(session, Tag.RELEASE_DRIFTED, agent, release, documents=found.lost)
        if is_settled:
            _record(session, Tag.RELEASE_REALIGNED, agent, release)
        if is_stopped:
            _record(session, Tag.RELEASE_SUSPENDED, agent, release, reason=_REASON)


def _record(session: Session, tag: Tag, agent: Agent, release: Release, **detail: object) -> None:
    audit.record(session, tag, audit.WORKER, release.id, agent_id=agent.id, **detail)


def _forget_others(tenant: Tenant) -> None:
    """Drop what was found of releases that neither answer nor wait any more; of suspended ones it is the reason."""
    with tenant.store.reading() as session:
        kept = [one.id for state in (*WATCHED, ReleaseState.SUSPENDED) for one in releases.in_state(session, state)]
        if not stored.without(session, kept):
            return
    with tenant.store.transaction() as session:
        kept = [one.id for state in (*WATCHED, ReleaseState.SUSPENDED) for one in releases.in_state(session, state)]
        for found in stored.without(session, kept):
            notices.settle(session, NoticeKind.RELEASE_DRIFTED, found.release_id)
            session.delete(found)
