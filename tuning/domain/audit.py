"""An audit event: who did what to what and when, chained by hashes."""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.fields import UtcDateTime, now, words

GENESIS = "0" * 64


class Tag(StrEnum):
    """What happened: '<noun>:<past tense>'."""

    AGENT_CREATED = "agent:created"
    AGENT_CONFIGURED = "agent:configured"
    SOURCE_SYNCED = "source:synced"
    RUN_STARTED = "run:started"
    RUN_CANCELLED = "run:cancelled"
    RUN_FINISHED = "run:finished"
    RUN_FAILED = "run:failed"
    RELEASE_SUBMITTED = "release:submitted"
    RELEASE_APPROVED = "release:approved"
    RELEASE_REJECTED = "release:rejected"
    RELEASE_REVOKED = "release:revoked"
    FEEDBACK_GIVEN = "feedback:given"
    FEEDBACK_WITHDRAWN = "feedback:withdrawn"
    FEEDBACK_ACCEPTED = "feedback:accepted"
    FEEDBACK_REJECTED = "feedback:rejected"
    ACCESS_REFUSED = "access:refused"
    ACT_REFUSED = "act:refused"
    """Not for want of a permission: the state or a limit did not allow it, or it was not there."""


class AuditEvent(SQLModel, table=True):
    """One link of the chain; rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    tag: Tag = Field(index=True, sa_type=words(Tag))
    actor_id: str = Field(index=True)
    """The person, or 'worker' for what the system does by itself."""
    subject_id: str = Field(index=True)
    """The agent, run, release ... it happened to."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    previous: str = Field(unique=True)
    """The hash of the event before it; unique, so that the chain can't fork."""
    hash: str

    def digest(self) -> str:
        """Return the SHA-256 that belongs to this event's content and its predecessor's hash."""
        content = [self.previous, self.tag, self.actor_id, self.subject_id, self.detail, self.at.isoformat()]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
