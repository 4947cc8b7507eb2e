"""Runs that Attune starts by itself, as an agent's owner asked for it: after so many corrections, or by a schedule.

Such a run is the owner's: they must have the right to start it, the policy's limits hold, and what comes of it waits
for them to submit it. Corrections are counted anew from each run on, and a schedule goes on to its next moment, so that
a run that failed is not repeated at once. One that could not start when it was due starts as soon as it can.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import Refusal
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import FIRST, ReleaseState
from tuning.domain.runs import Run
from tuning.governance import access
from tuning.governance.errors import PermissionMissing
from tuning.governance.tenant import Tenant
from tuning.releases.runs import begin
from tuning.store import agents, audit, feedback, notices, policy, releases, runs

_UNDECIDED = {ReleaseState.SUBMITTED, *FIRST}


def start_due(tenant: Tenant, at: datetime) -> list[Run]:
    """Start every run that is due and that nothing speaks against; tell an owner once what does."""
    with tenant.store.reading() as session:
        found = [agent.id for agent in agents.retraining(session)]
    return [run for agent_id in found if (run := _start_if_due(tenant, agent_id, at)) is not None]


def accepted_since_run(session: Session, agent_id: str) -> int:
    """Return how many corrections of an agent have been accepted since its last run began."""
    last = runs.last(session, agent_id)
    return feedback.count_accepted(session, agent_id, since=last.created_at if last else None)


def _start_if_due(tenant: Tenant, agent_id: str, at: datetime) -> Run | None:
    try:
        with tenant.store.transaction() as session:
            agent = agents.get_for_update(session, agent_id)
            if not _is_due(session, agent, at) or _must_wait(session, agent, at):
                return None
            access.check(session, tenant, agent.owner_id, Permission.RUN_START, agent)
            agent.retraining_held = ""
            agent.plan(at)
            notices.settle(session, NoticeKind.RETRAINING_HELD, agent.id)
            session.add(agent)
            return begin(session, tenant, agent.owner_id, agent, is_automatic=True)
    except Refusal as refusal:
        _hold(tenant, agent_id, refusal)
        return None


def _is_due(session: Session, agent: Agent, at: datetime) -> bool:
    return agent.is_due(accepted_since_run(session, agent.id), at)


def _must_wait(session: Session, agent: Agent, at: datetime) -> bool:
    """Return whether something that ends by itself is in the way: a run, a decision, or a day's runs."""
    made = releases.of_agent(session, agent.id)
    is_undecided = any(release.state in _UNDECIDED for release in made)
    is_used_up = runs.count_since(session, at - timedelta(days=1)) >= policy.get(session).runs_per_day
    return is_undecided or is_used_up or runs.open_run(session, agent.id) is not None


def _hold(tenant: Tenant, agent_id: str, refusal: Refusal) -> None:
    """Tell the owner why nothing was started, and audit it, the first time only."""
    with tenant.store.transaction() as session:
        agent = agents.get_for_update(session, agent_id)
        if agent.retraining_held:
            return
        agent.retraining_held = refusal.english
        session.add(agent)
        notices.notify(session, NoticeKind.RETRAINING_HELD, [agent.owner_id], agent.id)
        is_permission = isinstance(refusal, PermissionMissing)
        tag = Tag.ACCESS_REFUSED if is_permission else Tag.ACT_REFUSED
        what = {"sentence": refusal.english, "on_behalf_of": agent.owner_id}
        audit.record(session, tag, audit.WORKER, agent.id, **what)
