"""Cards of what owners do to tend their agents, out of what the store holds at the moment."""

from collections.abc import Mapping
from types import MappingProxyType

from adaptive_cards.elements import Element, card, escape, heading, paragraph
from adaptive_cards.tending import Tended, deletion_card, handed_over_card, held_card, tending_card
from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.notices import Notice
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.notices import quiet_hours
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import erasure, retraining
from tuning.store import agents, audit, conversations, releases, runs


def manage(
    tenant: Tenant,
    person_id: str,
    agent_id: str,
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    note: str = "",
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return what an owner may do about an agent."""
    with access.act(tenant, person_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, person_id, Permission.AGENT_CONFIGURE, agent)
        run = runs.open_run(session, agent.id)
        return tending_card(
            Tended(
                agent=agent,
                state=agent.state(is_tuning=run is not None),
                run=run,
                accepted=retraining.accepted_since_run(session, agent.id),
                releases=len(releases.of_agent(session, agent.id)),
                answers=conversations.count(session, agent.id),
                typed=typed,
                zone=quiet_hours(tenant, person_id).zone,
                note=note,
                problems=problems,
            )
        )


def deletion(tenant: Tenant, person_id: str, agent_id: str) -> Element:
    """Return what deleting an agent would do, for its owner or an admin; raise like the deletion itself."""
    plan = erasure.plan_agent(tenant, person_id, agent_id)
    return deletion_card(plan.agent, releases=plan.releases, answers=plan.answers)


def gone(tenant: Tenant, agent: Agent) -> Element:
    """Return, for who has handed an agent over, that it is done."""
    done = say("{person} owns it now, and reads so.", person=escape(tenant.name_of(agent.owner_id)))
    return card(heading(say("{agent} is handed over", agent=escape(agent.name))), paragraph(done))


def handed_over(tenant: Tenant, notice: Notice) -> Element:
    """Return the news of a new owner."""
    with tenant.store.reading() as session:
        agent = agents.get(session, notice.subject_id)
        acts = [event for event in audit.events(session, agent.id) if event.tag == Tag.AGENT_HANDED_OVER]
    is_yours = notice.person_id == agent.owner_id
    who = acts[-1].actor_id if is_yours else agent.owner_id
    return handed_over_card(agent, tenant.name_of(who), is_yours=is_yours)


def held(tenant: Tenant, notice: Notice) -> Element | None:
    """Return why a run that was due has not started; None if nothing is in the way any more."""
    with tenant.store.reading() as session:
        agent = agents.get(session, notice.subject_id)
    return held_card(agent) if agent.retraining_held and agent.owner_id == notice.person_id else None
