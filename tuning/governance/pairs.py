"""How owners confirm the pairs that were found among their documents: nothing is learned from one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.documents import Document, DocumentPassage
from tuning.domain.errors import WrongState
from tuning.domain.pairs import DocumentPair, PairVerdict
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, audit, documents, pairs

_TAGS = {PairVerdict.ACCEPTED: Tag.PAIR_ACCEPTED, PairVerdict.REJECTED: Tag.PAIR_REJECTED}


@dataclass(frozen=True, kw_only=True)
class Found:
    """The pairs that were found for an agent, as its owner may see them."""

    agent: Agent
    pairs: Sequence[DocumentPair]
    documents: Mapping[str, Document]
    """Those of the pairs, by id."""

    @property
    def undecided(self) -> Sequence[DocumentPair]:
        """Those that its owner has said nothing of."""
        return [it for it in self.pairs if it.verdict is None]


def look(tenant: Tenant, actor_id: str, agent_id: str) -> Found:
    """Return the pairs for an agent's owner, but for those of documents that are gone or that they may not read."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agent)
        return _found(session, tenant, agent)


def beginnings(tenant: Tenant, found: Sequence[Document]) -> Mapping[str, str]:
    """Return how each document begins, by id."""
    with tenant.store.reading() as session:
        passages = documents.passages(session, [it.id for it in found])
    first: dict[str, DocumentPassage] = {}
    for passage in passages:
        first.setdefault(passage.document_id, passage)
    return {key: passage.text for key, passage in first.items()}


def decide(tenant: Tenant, actor_id: str, pair_id: str, verdict: PairVerdict) -> DocumentPair:
    """Accept or reject a pair; the other way round changes it."""
    with access.act(tenant, actor_id, pair_id) as session:
        pair = pairs.get_for_update(session, pair_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, pair)
        if pair.id not in {it.id for it in _found(session, tenant, agents.get(session, pair.agent_id)).pairs}:
            raise WrongState(say("One of the pair's documents is gone, or not for you to read. Look for pairs again."))
        pair.decide(actor_id, verdict)
        session.add(pair)
        audit.record(session, _TAGS[verdict], actor_id, pair.id, **_detail(pair))
        return pair


def accept_all(tenant: Tenant, actor_id: str, agent_id: str, shown: int) -> int:
    """Accept all pairs that nothing was said of, and return how many.

    Raise `WrongState` if there are others by now than the number that the person was shown.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agent)
        waiting = [it.id for it in _found(session, tenant, agent).undecided]
        if len(waiting) != shown:
            raise WrongState(say("There are other pairs to look at by now. Look at them, then accept them."))
        accepted = pairs.undecided(session, agent_id, waiting)
        for pair in accepted:
            pair.decide(actor_id, PairVerdict.ACCEPTED)
            session.add(pair)
        listed = [_detail(it) for it in accepted]
        audit.record(session, Tag.PAIR_ACCEPTED, actor_id, agent_id, agent_id=agent_id, pairs=listed)
        return len(accepted)


def _found(session: Session, tenant: Tenant, agent: Agent) -> Found:
    who = tenant.people.principals(agent.owner_id)
    found = pairs.of_agent(session, agent.id)
    ids = {key for it in found for key in (it.precedent_id, it.target_id, it.content_id) if key}
    readable = {
        it.id: it
        for it in documents.by_ids(session, sorted(ids))
        if not it.is_deleted and it.source_id in agent.source_ids and not who.isdisjoint(it.readers)
    }
    whole = [it for it in found if {it.precedent_id, it.target_id} <= readable.keys()]
    return Found(agent=agent, pairs=whole, documents=readable)


def _detail(pair: DocumentPair) -> dict[str, str]:
    content = {"content": pair.content_id} if pair.content_id else {}
    return {"agent_id": pair.agent_id, "precedent": pair.precedent_id, "target": pair.target_id, **content}
