"""Keeps what people send to the bot for their agents to learn from: each person's uploads are a source of their own."""

from collections.abc import Mapping

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.documents import Source, SourceKind
from tuning.domain.errors import NotAllowed
from tuning.domain.jobs import JobKind
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.policy import objection_to_sources
from tuning.governance.tenant import Tenant
from tuning.languages import number, say
from tuning.sources.errors import UploadRefused
from tuning.sources.upload import UploadReader
from tuning.store import audit, documents, jobs, policy

MAX_FILES = 200
"""Of one person."""


def check(tenant: Tenant, person_id: str) -> None:
    """Raise `NotAllowed` if the person has no use for uploads: they may make no agents."""
    with access.act(tenant, person_id) as session:
        access.check(session, tenant, person_id, Permission.AGENT_CREATE)


def keep(tenant: Tenant, person_id: str, files: Mapping[str, bytes]) -> Source:
    """Keep files by name, in place of earlier ones of these names, and have the person's uploads read.

    Only they may read them: an agent learns from them if its audience is nobody else.

    Raises:
        NotAllowed: they may make no agents, or the policy bars uploads.
        UploadRefused: a file is none that can be learned from, or there are too many; those before it are kept.
    """
    with access.act(tenant, person_id) as session:
        access.check(session, tenant, person_id, Permission.AGENT_CREATE)
        source = _source(session, tenant, person_id)
    reader = UploadReader(tenant.uploads, person_id)
    reader.begin()
    kept = {file.path for file in reader.files()}
    for name, content in files.items():
        if len(kept) >= MAX_FILES and name not in kept:
            raise UploadRefused(say("You have {most} uploads, which is the most.", most=number(MAX_FILES)))
        kept.add(reader.put(name, content))
    with access.act(tenant, person_id) as session:
        jobs.enqueue(session, JobKind.SOURCE_SYNC, source.id)
    return source


def _source(session: Session, tenant: Tenant, person_id: str) -> Source:
    found = documents.source_at(session, SourceKind.UPLOAD, person_id)
    name = say("Uploads of {person}", person=tenant.name_of(person_id))
    source = found or Source(kind=SourceKind.UPLOAD, name=name, location=person_id)
    if objection := objection_to_sources(policy.get(session), [source]):
        raise NotAllowed(objection)
    if found is None:
        session.add(source)
        session.flush()
        audit.record(session, Tag.SOURCE_ADDED, person_id, source.id, location=person_id)
    return source
