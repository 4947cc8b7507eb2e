"""Buttons that erase a person or a document for good."""

from bot import erasure_views
from bot.card_actions.press import Outcome, Press
from tuning.governance.tenant import Tenant
from tuning.releases.erasure import erase_document, erase_person


def person(tenant: Tenant, press: Press) -> Outcome:
    """Erase what a person said and sent, and show the receipt."""
    receipt = erase_person(tenant, press.person_id, press.id("person_id"), is_waited_for=False)
    return Outcome(card=erasure_views.receipt(receipt))


def document(tenant: Tenant, press: Press) -> Outcome:
    """Erase a document, and show the receipt."""
    receipt = erase_document(tenant, press.person_id, press.id("document_id"), is_waited_for=False)
    return Outcome(card=erasure_views.receipt(receipt))
