"""The passages that an evaluation shows with a question: what every part of the agent's audience may read."""

from collections.abc import Callable, Sequence
from functools import cache

from tuning.documents.excerpts import SPARE, condensed
from tuning.documents.expansion import learned
from tuning.documents.search import search
from tuning.domain.agents import Agent
from tuning.domain.prompts import Passage
from tuning.governance.agents import agent_coverage
from tuning.governance.tenant import Tenant

PASSAGES = 4
"""As many as a chat shows."""
_ENOUGH = 40
"""Passages to look at, because some are of documents that only the owner may read."""


def retrieval(tenant: Tenant, agent: Agent, dataset_id: str | None = None) -> Callable[[str], Sequence[Passage]]:
    """Return what finds the passages for a question in the documents that the agent may learn from.

    It finds as a release does that was made of this dataset, or without one as nobody's questions tell; the same
    question once.
    """
    eligible = frozenset(agent_coverage(tenant, agent).eligible_ids)
    principals = tenant.people.principals(agent.owner_id)

    @cache
    def retrieve(question: str) -> Sequence[Passage]:
        vector = tenant.encode(question)
        with tenant.store.reading() as session:
            found = search(
                session,
                question,
                principals=principals,
                source_ids=agent.source_ids,
                limit=_ENOUGH,
                vector=vector,
                expansion=learned(session, dataset_id) if dataset_id else None,
            )
        readable = [it for it in found if it.document_id in eligible]
        if tenant.is_excerpted:
            shown = condensed(readable[: PASSAGES + SPARE], PASSAGES + SPARE)
            return [Passage(title=it.title, heading=it.heading, text=it.excerpt) for it in shown]
        return [Passage(title=it.title, heading=it.heading, text=it.text) for it in readable[:PASSAGES]]

    return retrieve
