"""The audit for those who check it: verified against anchors outside the store, exported, and read page by page."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tuning.domain.audit import Anchor, AuditEvent, BrokenLink, Tag
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.fields import now
from tuning.domain.permissions import Permission
from tuning.governance import access, spreadsheets
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import Store, audit, drafts

PAGE = 10
MAX_EXPORT = 20_000_000
"""Bytes of a file that is kept in the store until somebody takes it."""
COLUMNS = ("id", "at", "tag", "actor_id", "subject_id", "detail", "previous", "hash")


class Format(StrEnum):
    """How the audit is exported."""

    JSONL = "jsonl"
    CSV = "csv"


def verify(store: Store, anchor_file: Path) -> BrokenLink | None:
    """Return the first event that isn't what was recorded; raise `InvalidInput` for anchors that can't be read."""
    anchors = read_anchors(anchor_file)
    with store.reading() as session:
        return audit.first_broken_link(session, anchors)


def anchor(store: Store, anchor_file: Path) -> Anchor | None:
    """Append the newest event's hash to a file outside the store; None if there is nothing new."""
    known = read_anchors(anchor_file)
    with store.reading() as session:
        head = audit.head(session)
    if head is None or head.id is None or (known and known[-1].hash == head.hash):
        return None
    made = Anchor(at=now(), event_id=head.id, hash=head.hash)
    anchor_file.parent.mkdir(parents=True, exist_ok=True)
    with anchor_file.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**asdict(made), "at": made.at.isoformat()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return made


def read_anchors(anchor_file: Path) -> list[Anchor]:
    """Return the anchors of a file, oldest first; none if it isn't there."""
    return parse_anchors(anchor_file.read_text("utf-8"), str(anchor_file)) if anchor_file.exists() else []


def parse_anchors(text: str, name: str) -> list[Anchor]:
    """Return the anchors of a file with that name and text; raise `InvalidInput` with the first line that is none."""
    anchors = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line)
            at = datetime.fromisoformat(row["at"])
            anchors.append(Anchor(at=at, event_id=int(row["event_id"]), hash=str(row["hash"])))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"Line {number} of {name} is no anchor: restore the file from a copy.") from error
    return anchors


def lines(events: Iterable[AuditEvent], form: Format) -> Iterator[str]:
    """Return the events as text, line by line; JSON lines can be verified again, CSV is for spreadsheets."""
    if form is Format.CSV:
        yield spreadsheets.line(COLUMNS)
    for event in events:
        row = {**event.model_dump(), "tag": str(event.tag), "at": event.at.isoformat()}
        if form is Format.JSONL:
            yield json.dumps({column: row[column] for column in COLUMNS}, ensure_ascii=False) + "\n"
        else:
            row["detail"] = json.dumps(row["detail"], ensure_ascii=False)
            yield spreadsheets.line(row[column] for column in COLUMNS)


def read_line(line: str) -> AuditEvent:
    """Return the event of a JSON line; raise `InvalidInput` if it is none."""
    try:
        row: dict[str, Any] = json.loads(line)
        return AuditEvent(**{**row, "tag": Tag(row["tag"]), "at": datetime.fromisoformat(row["at"])})
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("That is no line of an audit export.") from error


def check(tenant: Tenant, actor_id: str) -> tuple[int, BrokenLink | None]:
    """Return for an admin up to which event the audit was checked, and the first that isn't what was recorded."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
    with tenant.store.reading() as session:
        return audit.newest(session), audit.first_broken_link(session, read_anchors(tenant.audit_anchor))


def hand_out(tenant: Tenant, actor_id: str, chat_id: str) -> Draft:
    """Make the whole audit a file of JSON lines to offer to an admin in a chat, in the place of what they had of it.

    Raises:
        NotAllowed: no admin.
        WrongState: it is longer than a chat can carry.
    """
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
    content = bytearray()
    with tenant.store.reading() as session:
        for line in lines(audit.chain(session), Format.JSONL):
            content += line.encode()
            if len(content) > MAX_EXPORT:
                raise WrongState(
                    say(
                        "The audit is longer than {size} MB, more than goes through a chat. Whoever operates Attune "
                        "exports it: attune audit export.",
                        size=MAX_EXPORT // 1_000_000,
                    )
                )
    name = f"audit-{now():%Y-%m-%d}.jsonl"
    draft = Draft(person_id=actor_id, chat_id=chat_id, name=name, content=bytes(content))
    with tenant.store.transaction() as session:
        drafts.forget_exports(session, actor_id)
        session.add(draft)
        audit.record(session, Tag.AUDIT_EXPORTED, actor_id, actor_id, bytes=len(content))
    return draft


def page(tenant: Tenant, actor_id: str, *, before: int = 0, about: str = "") -> tuple[list[AuditEvent], bool]:
    """Return a page of events for an admin, newest first, and whether there are older ones.

    Those before the event with that number (0: the newest), about one subject or all that belongs to an agent.
    """
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.AUDIT_READ)
        found = audit.page(session, before=before, about=about, limit=PAGE + 1)
    return list(found[:PAGE]), len(found) > PAGE
