"""Buttons about agents: turn the pages of their lists, pick one, ask a starter."""

from sqlmodel import Session

from adaptive_cards.agent import starter_key
from bot import questions, views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.domain.agents import Agent
from tuning.domain.conversations import Conversation
from tuning.domain.errors import WrongState
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, conversations, datasets, documents


def open_page(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of the agents that the person can ask."""
    return Outcome(card=views.pick(tenant, press.person_id, press.chat_id, number=press.number("number")))


def open_own(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of the agents that the person owns."""
    return Outcome(card=views.my_agents(tenant, press.person_id, press.number("number")))


def pick(tenant: Tenant, press: Press) -> Outcome:
    """Make an agent the one that answers in this chat; what was said to it here before is remembered."""
    agent_id = press.id("agent_id")
    with access.act(tenant, press.person_id, agent_id) as session:
        conversation = _pick(session, tenant, press, agent_id)
        agent = agents.get(session, agent_id)
        is_known = bool(conversations.answers(session, conversation.id, limit=1))
    return Outcome(card=views.introduction(tenant, agent, press.person_id, is_known=is_known))


def ask_starter(tenant: Tenant, press: Press) -> Outcome:
    """Ask one of the agent's starters, of the release that answers in this chat."""
    agent_id, key = press.id("agent_id"), press.id("starter")
    with access.act(tenant, press.person_id, agent_id) as session:
        agent, _release = _answering(session, tenant, press, agent_id)
        starter = next((text for text in agent.starters if starter_key(text) == key), "")
        if not starter:
            raise WrongState(say(STALE))
    return Outcome(sentence=starter, question=starter)


def ask_next(tenant: Tenant, press: Press) -> Outcome:
    """Ask what an answer suggested: a question that the agent has learned about a document that the person may read."""
    agent_id = press.id("agent_id")
    principals = tenant.people.principals(press.person_id)
    with access.act(tenant, press.person_id, agent_id) as session:
        _answering(session, tenant, press, agent_id)
        example = datasets.example(session, press.number("example_id"))
        learned = example is not None and datasets.get(session, example.dataset_id).agent_id == agent_id
        if example is None or not learned or example.document_id is None:
            raise WrongState(say(STALE))
        if principals.isdisjoint(documents.get(session, example.document_id).readers):
            raise WrongState(say(STALE))
        asked = str(example.detail["asked"])
    return Outcome(sentence=asked, question=asked)


def _answering(session: Session, tenant: Tenant, press: Press, agent_id: str) -> tuple[Agent, Release]:
    """Return the agent, picked if another one answers in the chat, and the release that answers."""
    conversation = conversations.current(session, press.chat_id, press.person_id)
    if conversation is None or conversation.agent_id != agent_id:
        conversation = _pick(session, tenant, press, agent_id)
    return questions.answering(session, tenant, conversation)


def _pick(session: Session, tenant: Tenant, press: Press, agent_id: str) -> Conversation:
    agent = agents.get(session, agent_id)
    access.check(session, tenant, press.person_id, Permission.AGENT_ASK, agent)
    questions.check_awake(tenant, agent)
    return conversations.go_on(session, press.chat_id, press.person_id, agent_id)
