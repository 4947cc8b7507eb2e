"""Looks for pairs among an agent's documents, for its owner to confirm; sources with a `mapping.csv` name their own."""

from collections import defaultdict
from collections.abc import Sequence

from tuning.datasets.material import Material, gather
from tuning.datasets.pairing import Paper, Proposal, Rank, propose
from tuning.datasets.pairs import has_mapping
from tuning.domain.audit import Tag
from tuning.domain.pairs import DocumentPair, PairVerdict
from tuning.domain.permissions import Permission
from tuning.domain.prompts import Task
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import agents, audit, documents, pairs

_CALLED = {
    Task.GENERATION: {"precedent": Rank.PRECEDENT, "content": Rank.CONTENT, "draft": Rank.TARGET},
    Task.SUMMARY: {"summary": Rank.TARGET},
}
"""Which question of the questionnaire tells what kind of document is called what."""


def find(tenant: Tenant, actor_id: str, agent_id: str) -> int:
    """Look for pairs among what the agent may learn from, and return how many wait for the owner's word.

    What they have said of pairs stays; what they have rejected isn't proposed again.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agents.get(session, agent_id))
    found = _propose(tenant, agent_id)  # takes seconds, during which nobody waits to write
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agent)
        decided = [it for it in pairs.of_agent(session, agent_id) if it.verdict]
        refused, taken = _refused(decided), _taken(decided)
        left = [
            it
            for it in found
            if (it.precedent_id, it.target_id) not in refused
            and taken.isdisjoint((it.precedent_id, it.target_id, it.content_id))
        ]
        fresh = [
            DocumentPair(
                agent_id=agent_id,
                precedent_id=it.precedent_id,
                target_id=it.target_id,
                content_id=it.content_id or None,
                position=position,
                found_by=it.found_by,
            )
            for position, it in enumerate(left, start=max((it.position for it in decided), default=-1) + 1)
        ]
        pairs.replace(session, agent_id, fresh)
        audit.record(session, Tag.PAIRS_PROPOSED, actor_id, agent_id, agent_id=agent_id, found=len(fresh))
        return len(fresh)


def _propose(tenant: Tenant, agent_id: str) -> list[Proposal]:
    with tenant.store.reading() as session:
        agent = agents.get(session, agent_id)
        material = gather(session, tenant, agent_id)
        sources = [documents.get_source(session, source_id) for source_id in agent.source_ids]
        decided = [it for it in pairs.of_agent(session, agent_id) if it.verdict]
    names = {source.id: source.name for source in sources if not has_mapping(tenant, source)}
    taken = _taken(decided)
    return propose(
        [it for it in _papers(material, names) if it.id not in taken],
        agent.task,
        called={rank: agent.questionnaire.get(key, "") for key, rank in _CALLED.get(agent.task, {}).items()},
        refused=_refused(decided),
    )


def _refused(decided: Sequence[DocumentPair]) -> set[tuple[str, str]]:
    """Return the pairs of which the owner has said something: none of them is proposed again."""
    return {(it.precedent_id, it.target_id) for it in decided}


def _taken(decided: Sequence[DocumentPair]) -> set[str | None]:
    """Return the documents of the pairs that the owner has accepted."""
    accepted = [it for it in decided if it.verdict is PairVerdict.ACCEPTED]
    return {key for it in accepted for key in (it.precedent_id, it.target_id, it.content_id)}


def _papers(material: Material, sources: dict[str, str]) -> list[Paper]:
    """Return the eligible documents of these sources (id to name) with their text."""
    texts: dict[str, list[str]] = defaultdict(list)
    for context in material.contexts:
        texts[context.document_id] += [context.passage.heading, context.passage.text]
    return [
        Paper(id=it.id, path=f"{sources[it.source_id]}/{it.path}", text="\n".join([it.title, *texts[it.id]]))
        for it in material.documents.values()
        if it.source_id in sources
    ]
