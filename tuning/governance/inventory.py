"""What there is in the organisation, for admins: agents with where they stand, and people with what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tuning.domain.agents import Agent, AgentState
from tuning.domain.drift import Drift
from tuning.domain.permissions import Permission
from tuning.domain.principals import Person
from tuning.domain.releases import Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents, drift, releases, runs

PAGE = 10
MAX_FOUND = 5


@dataclass(frozen=True, kw_only=True)
class Item:
    """One agent."""

    agent: Agent
    state: AgentState
    live: Release | None
    canary: Release | None
    newest: Release | None
    drift: Drift | None
    """What became of the documents that the live release learned from."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One person."""

    person: Person
    is_admin: bool
    is_maker: bool
    """Whether the policy lets them make agents."""
    owned: Sequence[Agent]
    asks: Sequence[Agent]
    """The agents that answer them."""


def page(tenant: Tenant, actor_id: str, number: int) -> tuple[list[Item], int]:
    """Return a page of all agents, by name, and how many agents there are; pages are counted from 0."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
        found = agents.every(session)
        shown = found[max(number, 0) * PAGE :][:PAGE]
        return [_item(session, agent) for agent in shown], len(found)


def profiles(tenant: Tenant, actor_id: str, text: str) -> list[Profile]:
    """Return the people with that object id, or whose name or mail contains the text; five at most."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
        exact = tenant.people.person(text)
        near = [one for one in tenant.people.search(text, 4 * MAX_FOUND) if isinstance(one, Person)]
        found = [exact] if exact else near[:MAX_FOUND]
        answering = [agent for agent, _releases in agents.live(session) if not agent.is_paused]
        return [
            Profile(
                person=person,
                is_admin=access.is_admin(tenant, person.id),
                is_maker=access.may(session, tenant, person.id, Permission.AGENT_CREATE),
                owned=agents.owned_by(session, person.id),
                asks=[one for one in answering if access.may(session, tenant, person.id, Permission.AGENT_ASK, one)],
            )
            for person in found
        ]


def _item(session: Session, agent: Agent) -> Item:
    made = releases.of_agent(session, agent.id)
    return Item(
        agent=agent,
        state=agent.state(is_tuning=runs.open_run(session, agent.id) is not None),
        live=next((release for release in made if release.id == agent.live_release_id), None),
        canary=next((release for release in made if release.id == agent.canary_release_id), None),
        newest=made[0] if made else None,
        drift=drift.get(session, agent.live_release_id) if agent.live_release_id else None,
    )
