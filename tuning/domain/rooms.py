"""A room: a group chat or a channel that the bot was added to."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from tuning.domain.agents import Agent
from tuning.domain.errors import WrongState
from tuning.domain.fields import UtcDateTime
from tuning.languages import say

THREAD = ";messageid="
"""What stands between a channel's id and that of a thread in the id of a chat."""


class Room(SQLModel, table=True):
    """Where people talk to the bot among others: greeted once, and bound to an agent or not."""

    id: str = Field(primary_key=True)
    """The Teams conversation id, without the thread within a channel."""
    agent_id: str | None = Field(default=None, index=True)
    """Who answers those that have picked nobody."""
    greeted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def bind(self, agent: Agent) -> None:
        """Let an agent answer here; raise `WrongState` if it answers nobody, or does so already."""
        if agent.live_release_id is None:
            raise WrongState(say("'{agent}' has no live release: nothing was changed.", agent=agent.name))
        if self.agent_id == agent.id:
            raise WrongState(say("'{agent}' answers here already.", agent=agent.name))
        self.agent_id = agent.id

    def unbind(self) -> None:
        """Let nobody answer here but whom people pick."""
        self.agent_id = None


def room_of(chat_id: str) -> str:
    """Return the room of a chat: each thread of a channel is a chat of its own to Teams."""
    return chat_id.partition(THREAD)[0]
