"""Buttons of the usage card: other days, or one agent."""

from adaptive_cards.usage import usage_card
from bot.card_actions.press import STALE, Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.domain.usage import SPANS
from tuning.governance import usage
from tuning.governance.tenant import Tenant
from tuning.languages import say


def show(tenant: Tenant, press: Press) -> Outcome:
    """Show so many days of one agent, or of all that the person may look at."""
    days = press.number("days")
    if days not in SPANS:
        raise InvalidInput(say(STALE))
    number = press.number("number") if "number" in press.data else 0
    report = usage.report(tenant, press.person_id, agent_id=press.text("agent_id"), days=days)
    return Outcome(card=usage_card(report, number))
