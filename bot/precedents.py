"""The precedent that a draft starts from: of the pairs that the release learned, the one most like the brief."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from bot.given import Given
from tuning.documents.errors import Unreadable
from tuning.documents.extraction import Extractor
from tuning.documents.rereading import reread
from tuning.documents.search import search
from tuning.documents.secrets import legible, redact
from tuning.domain.agents import Agent
from tuning.domain.conversations import Answer
from tuning.domain.datasets import Origin
from tuning.domain.documents import Document
from tuning.domain.fields import now
from tuning.domain.releases import Release
from tuning.governance.tenant import Tenant
from tuning.sources.errors import OutsideSource
from tuning.sources.kinds import reader_of
from tuning.store import datasets, documents, runs, sources

CANDIDATES = 12


@dataclass(frozen=True, kw_only=True)
class Precedent:
    """A document whose form a draft takes."""

    title: str
    text: str
    word: bytes = b""
    """The Word file that it is; empty for other kinds."""
    document_id: str = ""
    """The document that it is; empty for what the person sent along."""


def chosen(tenant: Tenant, agent: Agent, release: Release, answer: Answer, given: Given) -> Precedent | None:
    """Return the precedent that the person sent along, or the nearest one, in the styles of the Word file they sent."""
    if (sent := given.precedent) is not None:
        return Precedent(title=sent.name, text=sent.text, word=sent.word)
    near = nearest(tenant, agent, release, answer.person_id, answer.question)
    if (looks := given.word) is None:
        return near
    return replace(near, word=looks.word) if near else Precedent(title=looks.name, text="", word=looks.word)


def nearest(tenant: Tenant, agent: Agent, release: Release, person_id: str, brief: str) -> Precedent | None:
    """Return the precedent for a brief among those that the person may read; None if there is none.

    Sources whose access lists are too old to go by have none.
    """
    principals = tenant.people.principals(person_id)
    with tenant.store.reading() as session:
        source_ids = sources.readable(session, agent.source_ids, now())
        found = search(session, brief, principals=principals, source_ids=source_ids, limit=CANDIDATES)
        pairs = _pairs(session, source_ids, release)
        near = [pairs[one.document_id] for one in found if one.document_id in pairs]
        ordered = [documents.get(session, key) for key in dict.fromkeys([*near, *sorted(pairs.values())])]
    readable = [document for document in ordered if not principals.isdisjoint(document.readers)]
    return next(_read(tenant, readable), None)


def _pairs(session: Session, source_ids: Sequence[str], release: Release) -> dict[str, str]:
    """Return precedent, brief and target of each pair in some sources by document id, each with its precedent's id."""
    dataset_id = runs.get(session, release.run_id).dataset_id
    if dataset_id is None:
        return {}
    ids = {(one.source_id, one.path): one.id for one in documents.of_sources(session, source_ids)}
    by_document: dict[str, str] = {}
    for example in datasets.examples(session, dataset_id, origin=Origin.PAIR):
        if example.document_id is None:
            continue
        source_id = documents.get(session, example.document_id).source_id
        for path in (example.detail.get("content"), example.detail.get("target"), example.detail.get("precedent")):
            if (source_id, path) in ids:
                by_document[ids[source_id, str(path)]] = example.document_id
    return by_document


def _read(tenant: Tenant, candidates: list[Document]) -> Iterator[Precedent]:
    """Yield those that can be read and are as they were synced, without secrets, as the run read them."""
    with Extractor() as extractor:
        for document in candidates:
            with tenant.store.reading() as session:
                source = documents.get_source(session, document.source_id)
            try:
                reader = reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=None)
                file = reread(reader, document, extractor)
            except (Unreadable, OutsideSource, OSError):
                continue
            if file is not None:
                text = redact(legible(file.text)).text.strip()
                yield Precedent(title=document.title, text=text, word=file.word, document_id=document.id)
