"""An audit event: who did what to what and when, chained by hashes."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    AGENT_PAUSED = "agent:paused"
    AGENT_RESUMED = "agent:resumed"
    AGENT_HANDED_OVER = "agent:handed_over"
    AGENT_DELETED = "agent:deleted"
    AGENT_BOUND = "agent:bound"
    """It answers in a group chat or channel those that have picked nobody."""
    AGENT_UNBOUND = "agent:unbound"
    SOURCE_ADDED = "source:added"
    SOURCE_SYNCED = "source:synced"
    SOURCE_FAILED = "source:failed"
    """A scheduled sync could not be done; it is tried again."""
    RUN_STARTED = "run:started"
    RUN_BEGAN_ANEW = "run:began_anew"
    """What it would have continued had learned from documents that not all of its audience may read."""
    RUN_WAITED = "run:waited"
    """Its dataset is made, and it waits until its owner has looked at samples."""
    RUN_WENT_ON = "run:went_on"
    RUN_CANCELLED = "run:cancelled"
    RUN_FINISHED = "run:finished"
    RUN_FAILED = "run:failed"
    RELEASE_RATED = "release:rated"
    """Its owner has preferred one of two answers, not knowing whose is which."""
    RELEASE_SUBMITTED = "release:submitted"
    RELEASE_WITHDRAWN = "release:withdrawn"
    """It is a candidate again: its owner has taken it back, or what it was compared with has been retired."""
    RELEASE_APPROVED = "release:approved"
    RELEASE_CONSENTED = "release:consented"
    """A data owner agreed."""
    RELEASE_REJECTED = "release:rejected"
    RELEASE_RETIRED = "release:retired"
    RELEASE_RESTORED = "release:restored"
    RELEASE_REVOKED = "release:revoked"
    RELEASE_WIDENED = "release:widened"
    """A canary or pilot answers more of its audience."""
    RELEASE_ROLLED_BACK = "release:rolled_back"
    RELEASE_RETURNED = "release:returned"
    """A canary or pilot waits for a decision again, because the live release has been stopped."""
    RELEASE_DRIFTED = "release:drifted"
    """Some of its audience may no longer read what it learned from."""
    RELEASE_REALIGNED = "release:realigned"
    """They may read it again."""
    RELEASE_SUSPENDED = "release:suspended"
    SAMPLE_LABELLED = "sample:labelled"
    PAIRS_PROPOSED = "pairs:proposed"
    PAIR_ACCEPTED = "pair:accepted"
    """One, or all that waited: then it is about the agent."""
    PAIR_REJECTED = "pair:rejected"
    QUESTION_FORGOTTEN = "question:forgotten"
    """The person deleted or edited the message that they had asked with."""
    FEEDBACK_GIVEN = "feedback:given"
    FEEDBACK_WITHDRAWN = "feedback:withdrawn"
    FEEDBACK_ACCEPTED = "feedback:accepted"
    FEEDBACK_REJECTED = "feedback:rejected"
    ACCESS_ASKED = "access:asked"
    ACCESS_GRANTED = "access:granted"
    ACCESS_DECLINED = "access:declined"
    ACCESS_ENDED = "access:ended"
    """Taken back, or used up by the run that it was for; one that runs out leaves no event: its end is in the grant."""
    NOTICES_CONFIGURED = "notices:configured"
    POLICY_CHANGED = "policy:changed"
    PERSON_ERASED = "person:erased"
    DOCUMENT_ERASED = "document:erased"
    RETENTION_APPLIED = "retention:applied"
    EVIDENCE_WRITTEN = "evidence:written"
    REPORT_HANDED_OUT = "report:handed_out"
    AUDIT_EXPORTED = "audit:exported"
    """Its owner was offered the full report on a release as a file."""
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


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """What the end of the chain was at a moment, kept where who can change the store can't change it."""

    at: datetime
    event_id: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class BrokenLink:
    """The first place where the chain is not what was recorded."""

    event_id: int
    sentence: str


def first_broken_link(events: Iterable[AuditEvent], anchors: Sequence[Anchor] = ()) -> BrokenLink | None:
    """Return the first event that was edited, moved, made anew, or stands at a gap; None if the chain holds.

    The links alone show every change but an end that was cut off, or made anew with fitting hashes. Anchors show that.
    """
    anchored = {anchor.event_id: anchor for anchor in anchors}
    chain = iter(events)
    last, previous = 0, GENESIS
    for event in chain:
        event_id = event.id or 0
        if event.previous != previous:
            return BrokenLink(event_id=event_id, sentence=_why_unlinked(event, last, chain))
        if event.hash != event.digest():
            return BrokenLink(event_id=event_id, sentence=f"Event {event_id} was changed after it was recorded.")
        anchor = anchored.pop(event_id, None)
        if anchor is not None and anchor.hash != event.hash:
            text = f"Event {event_id} is not the one that {_called(anchor)} names: it was made anew."
            return BrokenLink(event_id=event_id, sentence=text)
        last, previous = event_id, event.hash
    if anchored:
        lost = anchored[min(anchored)]
        text = f"Event {lost.event_id} is missing: {_called(lost)} names it, but the chain ends with event {last}."
        return BrokenLink(event_id=lost.event_id, sentence=text)
    return None


def _called(anchor: Anchor) -> str:
    return f"the anchor of {anchor.at:%Y-%m-%d %H:%M} UTC"


def _why_unlinked(event: AuditEvent, last: int, later: Iterable[AuditEvent]) -> str:
    where = f"between events {last} and {event.id}" if last else f"before event {event.id}"
    if any(other.hash == event.previous for other in later):
        return f"Event {event.id} is out of order: the event that it follows comes after it."
    return f"Something is missing {where}, or what stood there was changed together with its hash."
