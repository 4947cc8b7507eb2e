"""A delivery: an activity that Teams was told has arrived, kept until it has been dealt with."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, now

LEASE = timedelta(seconds=10)
"""How long a process that fell silent keeps its deliveries; then another goes on with them."""
REMEMBERED = timedelta(days=1)
"""How long it is known that an activity has been dealt with: Teams delivers some twice."""


class Delivery(SQLModel, table=True):
    """One activity, held by the process that works on it."""

    __table_args__ = (UniqueConstraint("chat_id", "activity_id"),)

    id: int | None = Field(default=None, primary_key=True)
    """In the order of arrival."""
    chat_id: str
    activity_id: str
    activity: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the bot needs to work on it; emptied when that is done."""
    holder_id: str
    held_until: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 1
    """How many processes have taken it on."""
    received_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, index=True, sa_type=UtcDateTime)
