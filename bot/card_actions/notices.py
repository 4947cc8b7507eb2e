"""Buttons of the messages that come unasked: when they come, and one of a digest in full."""

from datetime import time

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
        return Outcome(card=quiet_card(_typed(tenant, press), problem=refusal.sentence))
    return Outcome(card=quiet_card(hours, is_saved=True))


def _typed(tenant: Tenant, press: Press) -> QuietHours:
    """Return what was filled in, as far as it can be shown again."""
    return QuietHours(
        person_id=press.person_id,
        zone=notices.quiet_hours(tenant, press.person_id).zone,
        is_weekend_quiet=press.text("is_weekend_quiet") == "true",
        begins=_time(press.text("begins")),
        ends=_time(press.text("ends")),
        digest_at=_time(press.text("digest_at")),
    )


def _time(typed: str) -> time | None:
    try:
        return notices.clock(typed)
    except InvalidInput:
        return None


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
