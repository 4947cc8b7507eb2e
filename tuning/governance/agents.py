"""What owners do with agents: make, configure, and look at what they would learn from."""

from collections.abc import Sequence
from typing import Unpack

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.documents import Coverage, Document
from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.permissions import Permission
from tuning.domain.prompts import Task
from tuning.governance import access, configuration, eligibility
from tuning.governance.configuration import Changes
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, audit, documents, policy, runs


def create(tenant: Tenant, actor_id: str, *, name: str, task: Task, icon: str = "", description: str = "") -> Agent:
    """Make an agent for the actor; raise `NotAllowed`, or `InvalidFields` with what is wrong about which field."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AGENT_CREATE)
        own = agents.owned_by(session, actor_id)
        limit = policy.get(session).agents_per_owner
        if len(own) >= limit:
            raise NotAllowed(
                say(
                    "You already have {count} agents, and {limit} is the limit. Ask an admin for more.",
                    count=len(own),
                    limit=limit,
                )
            )
        agent = Agent(name="", task=task, owner_id=actor_id)
        configuration.apply(session, tenant, agent, {"name": name, "icon": icon, "description": description})
        session.add(agent)
        session.flush()
        audit.record(session, Tag.AGENT_CREATED, actor_id, agent.id, name=agent.name, task=task)
        return agent


def configure(tenant: Tenant, actor_id: str, agent_id: str, **changes: Unpack[Changes]) -> Agent:
    """Change an agent, all of it or nothing; what is left out stays.

    Raises:
        InvalidFields: with what is wrong about which field.
        WrongState: sources and audience stay as they are while a run is under way, which has begun with them.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_CONFIGURE, agent)
        before = agent.model_dump()
        holdout = configuration.apply(session, tenant, agent, changes)
        agent.is_complete = agent.is_complete or not agent.missing()
        changed = {key: value for key, value in agent.model_dump().items() if value != before[key]}
        if holdout is not None:
            changed["holdout"] = len(holdout)
        if {"source_ids", "audience"} & changed.keys() and runs.open_run(session, agent.id):
            raise WrongState(say("Sources and audience can't be changed during a run. Wait for its end, or cancel it."))
        if changed:
            session.add(agent)
            audit.record(session, Tag.AGENT_CONFIGURED, actor_id, agent.id, **changed)
        return agent


def available(tenant: Tenant, person_id: str) -> list[Agent]:
    """Return the agents that a person can ask: live, not paused, and with the person in the live release's audience."""
    with tenant.store.reading() as session:
        return available_now(session, tenant, person_id)


def available_now(session: Session, tenant: Tenant, person_id: str) -> list[Agent]:
    """Return the agents that a person can ask, as a session sees them."""
    live = agents.live(session)  # with their releases, which the rule looks at one by one
    return [
        agent
        for agent, _releases in live
        if not agent.is_paused and access.may(session, tenant, person_id, Permission.AGENT_ASK, agent)
    ]


def owned(tenant: Tenant, person_id: str) -> list[Agent]:
    """Return a person's own agents, oldest first."""
    with tenant.store.reading() as session:
        return list(agents.owned_by(session, person_id))


def agent_coverage(tenant: Tenant, agent: Agent) -> Coverage:
    """Return which documents of the agent's sources it may learn from: readable by all its audience, and its owner.

    The owner counts, because owners try candidates and see samples of what they learned; what is left out because they
    may not read it themselves is told without its title.
    """
    with tenant.store.reading() as session:
        found = _documents(session, agent)
        covered = eligibility.coverage(found, learners(agent), tenant.people, policy.get(session))
    return eligibility.told_to(covered, found, tenant.people.principals(agent.owner_id))


def agent_suggestions(tenant: Tenant, agent: Agent) -> list[eligibility.Suggestion]:
    """Return what would let the agent learn from more documents, or answer more people."""
    with tenant.store.reading() as session:
        allowed = policy.get(session)
        found = eligibility.suggestions(_documents(session, agent), learners(agent), tenant.people, allowed)
    return [one for one in found if not (one.action is eligibility.Action.DROP and one.principal_id == agent.owner_id)]


def learners(agent: Agent) -> list[str]:
    """Return everybody who gets to see what the agent learned: the audience, and the owner."""
    return list(dict.fromkeys([*agent.principals, agent.owner_id]))


def _documents(session: Session, agent: Agent) -> Sequence[Document]:
    return documents.of_sources(session, agent.source_ids)
