"""Who may not read what a release learned from, with names and titles."""

from sqlmodel import Session

from adaptive_cards.drift import Lost
from adaptive_cards.elements import Element
from adaptive_cards.notice import drifted_card
from tuning.domain.drift import Drift
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, documents, releases
from tuning.store import drift as stored


def lost(session: Session, tenant: Tenant, found: Drift) -> list[Lost]:
    """Return the documents by title, each with who lost it."""
    titles = {document.id: document.title for document in documents.by_ids(session, list(found.lost))}
    told = [
        Lost(title=titles.get(document_id) or say("a document"), who=[tenant.name_of(one) for one in who])
        for document_id, who in found.lost.items()
    ]
    return sorted(told, key=lambda one: one.title.casefold())


def news(tenant: Tenant, person_id: str, release_id: str) -> Element | None:
    """Return the news for owner or admin; None for others, and where nothing is lost (any more)."""
    with tenant.store.reading() as session:
        release, found = releases.get(session, release_id), stored.get(session, release_id)
        agent = agents.get(session, release.agent_id)
        is_owner = person_id == agent.owner_id
        if found is None or not found.lost or not (is_owner or access.is_admin(tenant, person_id)):
            return None
        return drifted_card(agent, release, lost(session, tenant, found), is_owner=is_owner)
