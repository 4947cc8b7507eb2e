"""Which agent answers in a group chat or channel, as its owner wants it."""

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.permissions import Permission
from tuning.domain.rooms import room_of
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, audit, conversations, rooms


def bind(tenant: Tenant, actor_id: str, agent_id: str, chat_id: str) -> Agent:
    """Let an agent answer in a room those that have picked nobody; who talks to the one before there leaves it.

    Raises:
        NotAllowed: the agent is not theirs, or the room is bound to one that they may not unbind.
        WrongState: the agent answers nobody, or answers there already.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_BIND, agent)
        room = rooms.get_for_update(session, chat_id)
        bound = agents.get(session, room.agent_id) if room.agent_id else None
        if bound and not access.may(session, tenant, actor_id, Permission.AGENT_UNBIND, bound):
            owner = tenant.name_of(bound.owner_id)
            msg = say("'{agent}' answers here. {owner}, who owns it, can end that.", agent=bound.name, owner=owner)
            raise NotAllowed(msg)
        room.bind(agent)
        if bound:
            conversations.leave(session, room.id, bound.id)
        session.add(room)
        audit.record(session, Tag.AGENT_BOUND, actor_id, agent.id, room=room_of(chat_id))
        return agent


def unbind(tenant: Tenant, actor_id: str, chat_id: str) -> Agent:
    """Let nobody answer in a room but whom people pick from now on; raise `WrongState` if it is bound to nobody."""
    with access.act(tenant, actor_id) as session:
        room = rooms.get_for_update(session, chat_id)
        if room.agent_id is None:
            raise WrongState(say("No agent is bound to this chat: nothing was changed."))
        agent = agents.get(session, room.agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_UNBIND, agent)
        room.unbind()
        conversations.leave(session, room.id, agent.id)
        session.add(room)
        audit.record(session, Tag.AGENT_UNBOUND, actor_id, agent.id, room=room_of(chat_id))
        return agent
