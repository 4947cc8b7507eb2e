"""Buttons about agents: pick one, ask a starter."""

from bot import views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.domain.agents import Agent
from tuning.domain.errors import WrongState
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents, conversations


def pick(tenant: Tenant, press: Press) -> Outcome:
    """Make an agent the one that answers in this chat."""
    agent = _pick(tenant, press)
    return Outcome(card=views.introduction(tenant, agent))


def ask_starter(tenant: Tenant, press: Press) -> Outcome:
    """Ask one of the agent's starters."""
    number = press.number("number")
    with tenant.store.reading() as session:
        agent = agents.get(session, press.id("agent_id"))
        current = conversations.current(session, press.chat_id, press.person_id)
    if not 0 <= number < len(agent.starters):
        raise WrongState(STALE)
    if current is None or current.agent_id != agent.id:
        _pick(tenant, press)
    return Outcome(sentence=agent.starters[number], question=agent.starters[number])


def _pick(tenant: Tenant, press: Press) -> Agent:
    with access.act(tenant, press.person_id) as session:
        agent = agents.get(session, press.id("agent_id"))
        access.check(session, tenant, press.person_id, Permission.AGENT_ASK, agent)
        conversations.start(session, press.chat_id, press.person_id, agent.id)
        return agent
