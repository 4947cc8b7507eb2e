"""Erases a person: what they said and sent, what was learned from it, and a receipt that says so."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.notices import NoticeKind
from tuning.domain.runs import Run
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.releases.suspension import suspend
from tuning.store import agents, audit, erasure, notices, releases


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was erased, and the event of the audit that proves when."""

    person_id: str
    at: datetime
    event_id: int
    event_hash: str
    rows: Mapping[str, int]
    """How many of which kind."""
    suspended: Sequence[str]
    """The releases that learned from it, which answer nobody any more."""


def erase_person(tenant: Tenant, actor_id: str, person_id: str) -> Receipt:
    """Delete a person's conversations, feedback and uploads, and stop every release that learned from them.

    Releases that continued such a release have learned from them too. The next run of their agents begins anew, without
    what was erased. What a person decided or configured stays, under their object id: it is the organisation's.

    Raises:
        InvalidInput: that is no object id.
        WrongState: a run is learning from it just now.
    """
    if Path(person_id).name != person_id or person_id.startswith(".") or person_id in {"", audit.WORKER}:
        raise InvalidInput(f"'{person_id}' is not the object id of a person.")
    with access.act(tenant, actor_id, person_id) as session:
        touched = erasure.runs_touched(session, person_id)
        if busy := next((run for run in touched if not run.is_over), None):
            name = agents.get(session, busy.agent_id).name
            raise WrongState(f"A run of '{name}' learns from it just now. Wait for its end or cancel it, then erase.")
        suspended = _suspend(session, tenant, actor_id, touched)
        rows = {kind: number for kind, number in erasure.forget(session, person_id, touched).items() if number}
        event = audit.record(session, Tag.PERSON_ERASED, actor_id, person_id, rows=rows, suspended=suspended)
    for folder in [tenant.uploads / person_id, *(tenant.run_folder(run.id) for run in touched)]:
        if folder.is_dir():
            shutil.rmtree(folder)
    tenant.store.let_go()
    return Receipt(
        person_id=person_id, at=event.at, event_id=event.id or 0, event_hash=event.hash, rows=rows, suspended=suspended
    )


def _suspend(session: Session, tenant: Tenant, actor_id: str, touched: Sequence[Run]) -> list[str]:
    """Stop what came out of the runs, and tell the owners."""
    stopped = []
    for run in touched:
        release = releases.of_run(session, run.id)
        if release is None or not release.can_answer:
            continue
        agent = agents.get_for_update(session, release.agent_id)
        if suspend(session, tenant, actor_id, agent, release):
            notices.notify(session, NoticeKind.RELEASE_SUSPENDED, [agent.owner_id], release.id)
        stopped.append(release.id)
    return stopped
