"""Erases a person, a document or an agent, with what was said and what was learned, and a receipt that says so."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import AuditEvent, Tag
from tuning.domain.documents import Document
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.jobs import JobKind
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases.suspension import suspend
from tuning.sources.kinds import reader_of
from tuning.store import agents, audit, conversations, documents, erasure, jobs, notices, releases, runs


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was erased, and the event of the audit that proves when."""

    subject_id: str
    """The person, the document or the agent."""
    at: datetime
    event_id: int
    event_hash: str
    rows: Mapping[str, int]
    """How many of which kind."""
    suspended: Sequence[str]
    """The releases that learned from it, which answer nobody any more."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an erasure would do, for who decides on it."""

    subject_id: str
    stops: Sequence[tuple[Agent, Release]]
    """The releases that learned from it and would answer nobody any more."""
    documents: Sequence[Document] = ()
    """All that have the content that would go."""


def plan_person(tenant: Tenant, actor_id: str, person_id: str) -> Plan:
    """Return what `erase_person` would do; raise `NotAllowed` for who may not."""
    with access.act(tenant, actor_id, person_id) as session:
        access.check(session, tenant, actor_id, Permission.PERSON_ERASE)
        return Plan(subject_id=person_id, stops=_answering(session, erasure.runs_of_person(session, person_id)))


def plan_document(tenant: Tenant, actor_id: str, document_id: str) -> Plan:
    """Return what `erase_document` would do; raise `NotAllowed` for who may not, `NotFound` if there is none."""
    with access.act(tenant, actor_id, document_id) as session:
        access.check(session, tenant, actor_id, Permission.DOCUMENT_ERASE)
        found = documents.copies(session, documents.get(session, document_id))
        touched = erasure.runs_of_documents(session, [it.id for it in found])
        return Plan(subject_id=document_id, stops=_answering(session, touched), documents=found)


def erase_person(tenant: Tenant, actor_id: str | None, person_id: str, *, is_waited_for: bool = True) -> Receipt:
    """Delete a person's conversations, feedback and uploads, and stop every release that learned from them.

    The actor is an admin, or None for whoever operates the machine. Where nobody waits for it, a worker takes what was
    erased out of the database's files.

    Releases that continued such a release have learned from them too. The next run of their agents begins anew, without
    what was erased. What a person decided or configured stays, under their object id: it is the organisation's.

    Raises:
        NotAllowed: no admin.
        InvalidInput: that is no object id.
        WrongState: a run is learning from it just now.
    """
    by = actor_id if actor_id is not None else audit.OPERATOR
    if Path(person_id).name != person_id or person_id.startswith(".") or person_id in {"", audit.WORKER}:
        raise InvalidInput(say("'{id}' is not the object id of a person.", id=person_id))
    with access.act(tenant, by, person_id) as session:
        if actor_id is not None:
            access.check(session, tenant, actor_id, Permission.PERSON_ERASE)
        touched = erasure.runs_of_person(session, person_id)
        _refuse_if_busy(session, [*touched, erasure.reading_for_person(session, person_id)])
        suspended = _suspend(session, tenant, by, touched)
        rows = erasure.forget_person(session, person_id, touched)
        event = audit.record(session, Tag.PERSON_ERASED, by, person_id, rows=rows, suspended=suspended)
        # Files go before the transaction ends: what is cut short between the two is done by doing it again.
        _delete_folders([tenant.uploads / person_id, *(tenant.run_folder(run.id) for run in touched)])
        _rewrite_later(session, event, is_waited_for=is_waited_for)
    if is_waited_for:
        tenant.store.rewrite()
    return _receipt(event, rows, suspended)


def erase_document(tenant: Tenant, actor_id: str | None, document_id: str, *, is_waited_for: bool = True) -> Receipt:
    """Delete a document wherever the same content was read, and stop every release that learned from it.

    With it go the answers that cite it, those of the stopped releases that cite nothing, and the feedback on both.
    Syncs don't read it again: neither at its place, nor its content anywhere. Where it came from it stays. The actor is
    an admin, or None for whoever operates the machine. Where nobody waits for it, a worker takes what was erased out of
    the database's files.

    Raises:
        NotAllowed: no admin.
        NotFound: there is no such document.
        WrongState: a run is learning from it just now.
    """
    by = actor_id if actor_id is not None else audit.OPERATOR
    with access.act(tenant, by, document_id) as session:
        if actor_id is not None:
            access.check(session, tenant, actor_id, Permission.DOCUMENT_ERASE)
        found = documents.copies(session, documents.get(session, document_id))
        kept = [(documents.get_source(session, it.source_id).model_copy(), it.path) for it in found]
        touched = erasure.runs_of_documents(session, [it.id for it in found])
        _refuse_if_busy(session, [*touched, erasure.reading_documents(session, found)])
        suspended = _suspend(session, tenant, by, touched)
        rows = erasure.forget_documents(session, found, touched)
        event = audit.record(session, Tag.DOCUMENT_ERASED, by, document_id, rows=rows, suspended=suspended)
        for source, path in kept:
            reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=None).erase(path)
        _delete_folders([tenant.run_folder(run.id) for run in touched])
        _rewrite_later(session, event, is_waited_for=is_waited_for)
    if is_waited_for:
        tenant.store.rewrite()
    return _receipt(event, rows, suspended)


@dataclass(frozen=True, kw_only=True)
class AgentPlan:
    """What deleting an agent would do, for who decides on it."""

    agent: Agent
    releases: int
    answers: int


def plan_agent(tenant: Tenant, actor_id: str, agent_id: str) -> AgentPlan:
    """Return what `erase_agent` would do; raise like it."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_DELETE, agent)
        _refuse_if_used(session, agent)
        made, answers = len(releases.of_agent(session, agent_id)), conversations.count(session, agent_id)
        return AgentPlan(agent=agent, releases=made, answers=answers)


def erase_agent(tenant: Tenant, actor_id: str, agent_id: str) -> Receipt:
    """Delete an agent with all that was made of it and said to it; documents stay, and so does the audit.

    Raises:
        NotAllowed: neither its owner nor an admin.
        WrongState: it answers people, is being tuned, or an admin has a release of it to decide on.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_DELETE, agent)
        _refuse_if_used(session, agent)
        folders = [tenant.run_folder(run.id) for run in runs.of_agent(session, agent_id)]
        rows = erasure.forget_agent(session, agent)
        event = audit.record(session, Tag.AGENT_DELETED, actor_id, agent_id, rows=rows)
        _delete_folders(folders)
    tenant.store.let_go()
    return _receipt(event, rows, ())


def _rewrite_later(session: Session, event: AuditEvent, *, is_waited_for: bool) -> None:
    if not is_waited_for:
        jobs.enqueue(session, JobKind.STORE_REWRITE, str(event.id))


def _receipt(event: AuditEvent, rows: Mapping[str, int], suspended: Sequence[str]) -> Receipt:
    return Receipt(
        subject_id=event.subject_id,
        at=event.at,
        event_id=event.id or 0,
        event_hash=event.hash,
        rows=rows,
        suspended=suspended,
    )


def _delete_folders(folders: Sequence[Path]) -> None:
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder)


def _refuse_if_used(session: Session, agent: Agent) -> None:
    if agent.is_serving:
        raise WrongState(say("'{agent}' is live. Retire it first, then delete it.", agent=agent.name))
    if runs.open_run(session, agent.id) is not None:
        raise WrongState(say("'{agent}' is being tuned. Cancel the run first, then delete it.", agent=agent.name))
    if any(release.state == ReleaseState.SUBMITTED for release in releases.of_agent(session, agent.id)):
        raise WrongState(
            say(
                "A release of '{agent}' waits for an admin. Its owner can take it back; delete the agent after that.",
                agent=agent.name,
            )
        )


def _refuse_if_busy(session: Session, found: Sequence[Run | None]) -> None:
    if busy := next((run for run in found if run and not run.is_over), None):
        name = agents.get(session, busy.agent_id).name
        raise WrongState(
            say("A run of '{agent}' learns from it just now. Wait for its end or cancel it, then erase.", agent=name)
        )


def _suspend(session: Session, tenant: Tenant, actor_id: str, touched: Sequence[Run]) -> list[str]:
    """Stop what came out of the runs, and tell the owners of what was answering people or on its way to them."""
    stopped = []
    for _agent, release in _answering(session, touched):
        agent = agents.get_for_update(session, release.agent_id)
        is_awaited = release.state in {ReleaseState.CANDIDATE, ReleaseState.SUBMITTED}
        if suspend(session, tenant, actor_id, agent, release) or is_awaited:
            notices.notify(session, NoticeKind.RELEASE_SUSPENDED, [agent.owner_id], release.id)
        stopped.append(release.id)
    return stopped


def _answering(session: Session, touched: Sequence[Run]) -> list[tuple[Agent, Release]]:
    """Return what came out of the runs and can still be asked."""
    made = (releases.of_run(session, run.id) for run in touched)
    return [(agents.get(session, one.agent_id), one) for one in made if one is not None and one.can_answer]
