"""Every release of an agent, for its owner and admins, with what was measured, decided and proven."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.evaluations import Evaluation
from tuning.domain.permissions import Permission
from tuning.domain.releases import Approval, Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents, audit, releases, runs

PAGE = 3


@dataclass(frozen=True, kw_only=True)
class Past:
    """One release."""

    release: Release
    evaluation: Evaluation | None
    decisions: Sequence[Approval]
    """Oldest first."""
    evidence_sha256: str
    """Of the evidence that was written last; empty if none was."""


def page(tenant: Tenant, actor_id: str, agent_id: str, number: int) -> tuple[Agent, list[Past], bool]:
    """Return an agent, a page of its releases, newest first, and whether there are older ones; counted from 0."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_HISTORY, agent)
        made = releases.of_agent(session, agent.id)
        first = max(number, 0) * PAGE
        return agent, [_past(session, one) for one in made[first:][:PAGE]], len(made) > first + PAGE


def _past(session: Session, release: Release) -> Past:
    written = [event for event in audit.events(session, release.id) if event.tag == Tag.EVIDENCE_WRITTEN]
    return Past(
        release=release,
        evaluation=runs.evaluation(session, release.run_id),
        decisions=releases.decisions(session, release.id),
        evidence_sha256=str(written[-1].detail["sha256"]) if written else "",
    )
