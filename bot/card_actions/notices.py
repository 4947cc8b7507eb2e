"""Buttons of the messages that come unasked: when they come, and one of a digest in full."""

from adaptive_cards.digest import PAGE
from adaptive_cards.quiet import quiet_card
from bot import digests
from bot.card_actions.press import Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.domain.quiet import QuietHours
from tuning.governance import notices
from tuning.governance.tenant import Tenant

_FIELDS = ("begins", "ends", "is_weekend_quiet", "digest_at")


def save(tenant: Tenant, press: Press) -> Outcome:
    """Save when messages reach a person; what can't be used is said in the form."""
    try:
        hours = notices.keep_quiet(tenant, press.person_id, {field: press.text(field) for field in _FIELDS})
    except InvalidInput as refusal:
        before: QuietHours = notices.quiet_hours(tenant, press.person_id)
        return Outcome(card=quiet_card(before, problem=refusal.sentence))
    return Outcome(card=quiet_card(hours, is_saved=True))


def open_digest(tenant: Tenant, press: Press) -> Outcome:
    """Show another page of a digest."""
    together = notices.together(tenant, press.person_id, press.id("notice_id"))
    return Outcome(card=digests.digest(tenant, together, press.number("number")))


def show(tenant: Tenant, press: Press) -> Outcome:
    """Have one notice sent in full; the digest stays on that page, without its button."""
    notice_id = press.id("notice_id")
    together = notices.show(tenant, press.person_id, notice_id)
    place = next(place for place, notice in enumerate(together) if notice.id == notice_id)
    return Outcome(card=digests.digest(tenant, together, place // PAGE))
