"""What SharePoint finds for a question at this moment, as the person who asks, beside what the index finds.

What an agent's audience may read is not asked here: an answer is trimmed by who asks, and by the agent's sources.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sqlmodel import Session

from tuning.documents.search import FUSION, FoundPassage, notions
from tuning.documents.secrets import redact
from tuning.domain.documents import Document, SourceKind
from tuning.governance.tenant import Tenant
from tuning.sources.errors import LinkRefused
from tuning.sources.formats import LISTS, objection
from tuning.sources.graph.ledger import erased_in
from tuning.sources.graph.links import Place, place_of
from tuning.sources.kinds import copy_of
from tuning.store import documents, erasure

if TYPE_CHECKING:
    from tuning.sources.graph.delegation import Delegations
    from tuning.sources.graph.live import Hit

TIMEOUT_S = 3.0
"""How long a question waits; the index has answered long before."""
MOST = 8
"""Files that are taken of what was found."""


def look(
    tenant: Tenant, delegations: "Delegations", person_id: str, source_ids: Sequence[str], question: str
) -> list[FoundPassage]:
    """Return a passage per file of an agent's sources that SharePoint finds for a person, best first.

    Raises Microsoft365Refused, and NotDelegated.
    """
    from tuning.sources.graph.live import search  # noqa: PLC0415 - Microsoft's packages load slowly

    with tenant.store.reading() as session:
        places = _places(session, source_ids)
    words = [word for notion in notions(question) for form in notion.forms for word in form]
    graph = delegations.graph(person_id)
    hits = graph.answer(search(graph, words, list(places)), timeout_s=TIMEOUT_S)
    # By its id what was erased stays out wherever it lies by now; by its path, where no crawl has listed it.
    erased = [erased_in(copy_of(source_id, uploads=tenant.uploads)) for source_id in places.values()]
    hits = [hit for hit in hits if not any(hit.item_id in ids for ids in erased)]
    with tenant.store.reading() as session:
        found = [passage for hit in hits if (passage := _passage(session, places[hit.within], hit)) is not None]
    return found[:MOST]


def fused(indexed: Sequence[FoundPassage], live: Sequence[FoundPassage]) -> list[FoundPassage]:
    """Return both rankings as one, best first, by reciprocal ranks; a file that both found counts in both.

    Of a file that has changed since it was read, what SharePoint quotes takes the place of what the index holds.
    """
    by_document = {passage.document_id: passage for passage in live}
    kept = [it for it in indexed if not (it.document_id in by_document and by_document[it.document_id].is_changed)]
    best = {it.document_id: it for it in reversed(kept)}
    found = {id(it): it for it in kept}
    scores = {id(it): 1 / (FUSION + place) for place, it in enumerate(kept, start=1)}
    for place, passage in enumerate(live, start=1):
        standing = best.get(passage.document_id, passage)
        found[id(standing)] = standing
        scores[id(standing)] = scores.get(id(standing), 0.0) + 1 / (FUSION + place)
    ordered = sorted(found, key=lambda key: -scores[key])
    return [replace(found[key], score=scores[key]) for key in ordered]


def _places(session: Session, source_ids: Sequence[str]) -> dict[Place, str]:
    """Return where in SharePoint an agent's sources lie, each with the source's id."""
    places = {}
    for source_id in source_ids:
        source = documents.get_source(session, source_id)
        try:
            if source.kind == SourceKind.SHAREPOINT:
                places[place_of(source.location)] = source.id
        except LinkRefused:
            continue  # `attune doctor` says so
    return places


def _passage(session: Session, source_id: str, hit: "Hit") -> FoundPassage | None:
    """Return what is shown of a file; None for what was erased, for lists, and for kinds that nobody reads here."""
    erased, _contents = erasure.erased(session, source_id)
    if erasure.digest(hit.path) in erased or hit.path in LISTS or objection(hit.name, size=1):
        return None
    document = documents.at_path(session, source_id, hit.path)
    text = redact(hit.text).text
    folders = PurePosixPath(hit.path).parent.parts
    return FoundPassage(
        passage_id=0,
        document_id=document.id if document else hit.url,
        title=document.title if document else PurePosixPath(hit.name).stem,
        heading=" / ".join(folders),
        text=text,
        excerpt=text,
        url=(document.url if document else "") or hit.url,
        label=document.label if document else "",
        score=0.0,
        is_live=True,
        is_changed=document is None or _has_changed(document, hit),
    )


def _has_changed(document: Document, hit: "Hit") -> bool:
    if document.is_deleted or document.modified_at is None or hit.modified_at is None:
        return True
    return hit.modified_at > document.modified_at
