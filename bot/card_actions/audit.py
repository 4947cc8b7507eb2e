"""Buttons of the audit: turn its pages."""

from bot import views
from bot.card_actions.press import Outcome, Press
from tuning.governance.tenant import Tenant


def open_page(tenant: Tenant, press: Press) -> Outcome:
    """Show the events before one."""
    return Outcome(card=views.audit(tenant, press.person_id, before=press.number("before"), about=press.text("about")))
