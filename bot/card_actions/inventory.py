"""Buttons of the inventory: turn its pages."""

from bot import views
from bot.card_actions.press import Outcome, Press
from tuning.governance.tenant import Tenant


def open_page(tenant: Tenant, press: Press) -> Outcome:
    """Show a page."""
    return Outcome(card=views.inventory(tenant, press.person_id, press.number("number")))
