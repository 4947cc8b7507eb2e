"""Notices that waited go out in one message; cards that are settled say so."""

from collections.abc import Sequence

from adaptive_cards.digest import PAGE, Waiting, digest_card, withdrawn_card
from adaptive_cards.elements import Element
from adaptive_cards.pages import Page
from bot import notices
from tuning.domain.errors import Refusal
from tuning.domain.notices import Notice, NoticeKind
from tuning.governance.tenant import Tenant
from tuning.store import notices as stored


def digest(tenant: Tenant, together: Sequence[Notice], number: int = 0) -> Element:
    """Return a page of what waited as it is now, in one card."""
    page = Page.of(len(together), PAGE, number)
    return digest_card([Waiting(notice=one, title=title(tenant, one)) for one in page.cut(together)], page)


def title(tenant: Tenant, notice: Notice) -> str:
    """Return the title of a notice's card as it is now; empty if there is nothing to say any more."""
    shown = _card(tenant, notice)
    return str(shown["body"][0]["text"]) if shown else ""


def settled(tenant: Tenant, notice: Notice) -> Element:
    """Return the card of a settled notice, or of the digest that it came in, as it is now."""
    if notice.is_held and notice.digest_id:
        with tenant.store.reading() as session:
            together = stored.together(session, notice)
        return digest(tenant, together)
    return _card(tenant, notice) or withdrawn_card(NoticeKind(notice.kind))


def _card(tenant: Tenant, notice: Notice) -> Element | None:
    try:
        message = notices.message(tenant, notice)
    except Refusal:
        return None
    return message.card if message else None
