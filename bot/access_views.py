"""The cards of requests for access out of what the store and the directory hold."""

from adaptive_cards.access import PAGE, Holder, answered_card, holders_card, request_card, requests_card, settled_card
from adaptive_cards.elements import Element
from adaptive_cards.pages import Page
from tuning.domain.grants import Grant, GrantState
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance import grants as governed
from tuning.governance.tenant import Tenant
from tuning.store import grants

MAX_REQUESTS = 5
"""Requests that are sent one by one; more of them come as a list."""


def request(tenant: Tenant, admin_id: str, grant_id: str, *, problem: str = "") -> Element:
    """Return a request for an admin to decide; once decided, what was."""
    with access.act(tenant, admin_id, grant_id) as session:
        asked = grants.get(session, grant_id)
        access.check(session, tenant, admin_id, Permission.ACCESS_DECIDE, asked)
    if asked.state != GrantState.ASKED:
        return settled(tenant, asked)
    person = tenant.people.person(asked.person_id)
    return request_card(asked, tenant.name_of(asked.person_id), person.title if person else "", problem)


def settled(tenant: Tenant, grant: Grant) -> Element:
    """Return what became of a request."""
    return settled_card(_holder(tenant, grant))


def news(tenant: Tenant, notice: Notice) -> Element:
    """Return the request that an admin is told of, or to the person what was decided."""
    if notice.kind == NoticeKind.ACCESS_ASKED:
        return request(tenant, notice.person_id, notice.subject_id)
    with tenant.store.reading() as session:
        decided = grants.get(session, notice.subject_id)
    return answered_card(decided, tenant.name_of(decided.decided_by))


def overview(tenant: Tenant, admin_id: str) -> list[Element]:
    """Return a card for each request, or a page of a list if there are many; and one with what is in force."""
    asked = _asked(tenant, admin_id)
    if len(asked) > MAX_REQUESTS:
        return [requests(tenant, admin_id, 0), holders(tenant, admin_id, 0)]
    return [*(request(tenant, admin_id, one.id) for one in asked), holders(tenant, admin_id, 0)]


def requests(tenant: Tenant, admin_id: str, number: int) -> Element:
    """Return a page of the requests, oldest first."""
    asked = _asked(tenant, admin_id)
    page = Page.of(len(asked), PAGE, number)
    return requests_card([_holder(tenant, one) for one in page.cut(asked)], page)


def _asked(tenant: Tenant, admin_id: str) -> list[Grant]:
    """Return what an admin can decide on: not on their own request."""
    found = governed.page(tenant, admin_id)
    return [one for one in found if one.state == GrantState.ASKED and one.person_id != admin_id]


def holders(tenant: Tenant, admin_id: str, number: int) -> Element:
    """Return a page of what is in force."""
    held = [one for one in governed.page(tenant, admin_id) if one.state == GrantState.GRANTED]
    page = Page.of(len(held), PAGE, number)
    return holders_card([_holder(tenant, one) for one in page.cut(held)], page)


def _holder(tenant: Tenant, grant: Grant) -> Holder:
    return Holder(grant=grant, name=tenant.name_of(grant.person_id), decided_by=tenant.name_of(grant.decided_by))
