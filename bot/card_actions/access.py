"""Buttons of access: ask for it, look at who asks and who holds it, grant, decline, take back."""

from adaptive_cards.access import ask_card, asked_card
from bot import access_views
from bot.card_actions.press import Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.governance import grants
from tuning.governance.tenant import Tenant


def open_holders(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of what is in force."""
    return Outcome(card=access_views.holders(tenant, press.person_id, press.number("number")))


def open_requests(tenant: Tenant, press: Press) -> Outcome:
    """Show a page of who asks."""
    return Outcome(card=access_views.requests(tenant, press.person_id, press.number("number")))


def open_request(tenant: Tenant, press: Press) -> Outcome:
    """Show a request to decide on."""
    return Outcome(card=access_views.request(tenant, press.person_id, press.id("grant_id")))


def ask(tenant: Tenant, press: Press) -> Outcome:
    """Send the request to the admins."""
    justification = press.text("justification")
    try:
        grants.ask(tenant, press.person_id, justification)
    except InvalidInput as problem:
        return Outcome(card=ask_card(problem.sentence, justification))
    return Outcome(card=asked_card())


def grant(tenant: Tenant, press: Press) -> Outcome:
    """Give what was asked for."""
    grant_id = press.id("grant_id")
    try:
        given = grants.grant(tenant, press.person_id, grant_id, press.text("term"))
    except InvalidInput as problem:
        return Outcome(card=access_views.request(tenant, press.person_id, grant_id, problem=problem.sentence))
    return Outcome(card=access_views.settled(tenant, given))


def decline(tenant: Tenant, press: Press) -> Outcome:
    """Turn it down."""
    grant_id = press.id("grant_id")
    try:
        declined = grants.decline(tenant, press.person_id, grant_id, press.text("reason"))
    except InvalidInput as problem:
        return Outcome(card=access_views.request(tenant, press.person_id, grant_id, problem=problem.sentence))
    return Outcome(card=access_views.settled(tenant, declined))


def take_back(tenant: Tenant, press: Press) -> Outcome:
    """End it before its time."""
    ended = grants.take_back(tenant, press.person_id, press.id("grant_id"))
    return Outcome(card=access_views.settled(tenant, ended))
