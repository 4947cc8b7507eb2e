"""Looks for pairs among an agent's documents, for its owner to confirm; sources with a `mapping.csv` name their own."""

from collections import defaultdict

from tuning.datasets.material import Material, gather
from tuning.datasets.pairing import Paper, Rank, propose
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
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agent)
        material = gather(session, tenant, agent_id)
        unnamed = [
            source_id
            for source_id in agent.source_ids
            if not has_mapping(tenant, documents.get_source(session, source_id))
        ]
        names = {source_id: documents.get_source(session, source_id).name for source_id in unnamed}
        decided = [it for it in pairs.of_agent(session, agent_id) if it.verdict]
        taken = {
            key
            for it in decided
            if it.verdict is PairVerdict.ACCEPTED
            for key in (it.precedent_id, it.target_id, it.content_id)
        }
        found = propose(
            [it for it in _papers(material, names) if it.id not in taken],
            agent.task,
            called={rank: agent.questionnaire.get(key, "") for key, rank in _CALLED.get(agent.task, {}).items()},
            refused={(it.precedent_id, it.target_id) for it in decided},
        )
        fresh = [
            DocumentPair(
                agent_id=agent_id,
                precedent_id=it.precedent_id,
                target_id=it.target_id,
                content_id=it.content_id or None,
                position=position,
                found_by=it.found_by,
            )
            for position, it in enumerate(found, start=max((it.position for it in decided), default=-1) + 1)
        ]
        pairs.replace(session, agent_id, fresh)
        audit.record(session, Tag.PAIRS_PROPOSED, actor_id, agent_id, agent_id=agent_id, found=len(fresh))
        return len(fresh)


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
