"""What an admin sees before something is erased, and afterwards."""

from collections.abc import Sequence

from adaptive_cards import erasure as cards
from adaptive_cards.elements import Element
from bot import identity
from tuning.domain.agents import Agent
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import erasure
from tuning.store import documents
from tuning.store.erasure import holds_person


def is_about(tenant: Tenant, text: str) -> bool:
    """Return whether a text is a document's id, path or address, or a person's id, name or mail."""
    with tenant.store.reading() as session:
        if documents.named(session, text) or holds_person(session, text):
            return True
    return bool(identity.called(tenant, text))


def ask(tenant: Tenant, actor_id: str, text: str) -> Element:
    """Return what erasing who or what a text names would do.

    Raises:
        NotAllowed: no admin.
        InvalidInput: it names nothing, or several.
    """
    with access.act(tenant, actor_id) as session:
        # First of all, so that nobody else finds out by it what there is.
        access.check(session, tenant, actor_id, Permission.DOCUMENT_ERASE)
        access.check(session, tenant, actor_id, Permission.PERSON_ERASE)
        if not text:
            raise InvalidInput(
                say(
                    "Say whom or what: **erase** and a person's name or object id, or a document's id, path or address."
                )
            )
        found = documents.named(session, text)
        is_held = holds_person(session, text)
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise InvalidInput(say("Several documents have that name. Say which by its id: {ids}.", ids=ids))
    if found:
        plan = erasure.plan_document(tenant, actor_id, found[0].id)
        places = [one.path for one in plan.documents]
        return cards.document_card(plan.subject_id, found[0].title or found[0].path, places, _labels(plan.stops))
    known = tenant.people.person(text)
    if known is None and not is_held:
        known = identity.named(tenant, text)
    person_id, name = (known.id, known.name) if known else (text, text)
    return cards.person_card(person_id, name, _labels(erasure.plan_person(tenant, actor_id, person_id).stops))


def receipt(erased: erasure.Receipt) -> Element:
    """Return what says that something is gone."""
    return cards.receipt_card(
        cards.Erased(
            subject_id=erased.subject_id,
            at=erased.at,
            rows=sum(erased.rows.values()),
            stopped=len(erased.suspended),
            event_id=erased.event_id,
            event_hash=erased.event_hash,
        )
    )


def _labels(stops: Sequence[tuple[Agent, Release]]) -> list[str]:
    return [f"{agent.name}, {release.label}" for agent, release in stops]
