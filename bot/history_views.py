"""The card of an agent's releases out of what the store holds."""

from adaptive_cards.elements import Element
from adaptive_cards.history import Past, Word, history_card
from tuning.domain.releases import Decision
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.releases import history as kept


def history(tenant: Tenant, person_id: str, agent_id: str, number: int) -> Element:
    """Return a page of an agent's releases for its owner or an admin; pages are counted from 0."""
    number = max(number, 0)
    agent, found, has_older = kept.page(tenant, person_id, agent_id, number)
    page = [
        Past(
            release=one.release,
            evaluation=one.evaluation,
            decisions=[
                Word(
                    at=word.decided_at,
                    who=tenant.name_of(word.decided_by),
                    decision=Decision(word.decision),
                    reason=word.reason,
                )
                for word in one.decisions
            ],
            pilot=[tenant.name_of(principal_id) for principal_id in one.release.pilot],
            evidence_sha256=one.evidence_sha256,
        )
        for one in found
    ]
    is_for_admin = access.is_admin(tenant, person_id)
    return history_card(agent, page, page_number=number, has_older=has_older, is_for_admin=is_for_admin)
