"""Buttons about feedback: correct an answer; the owner's inbox."""

from adaptive_cards.answer import corrected_card
from bot import views
from bot.card_actions.press import Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.governance import feedback
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import rollouts


def correct(tenant: Tenant, press: Press) -> Outcome:
    """Take a correction of an answer; again changes it."""
    correction = press.text("correction")
    if not correction:
        msg = say("Write what the answer should have been, then send it.")
        raise InvalidInput(msg)
    rollouts.rated(tenant, feedback.give(tenant, press.person_id, press.id("answer_id"), correction=correction))
    return Outcome(card=corrected_card(correction))


def open_inbox(tenant: Tenant, press: Press) -> Outcome:
    """Show an item of the inbox."""
    return Outcome(card=views.inbox(tenant, press.person_id, press.id("agent_id"), press.number("number")))


def accept(tenant: Tenant, press: Press) -> Outcome:
    """Take feedback, as edited, into the next run, and show the next item."""
    problem = ""
    try:
        feedback.accept(
            tenant, press.person_id, press.id("feedback_id"), press.text("question"), press.text("correction")
        )
    except InvalidInput as refusal:
        problem = refusal.sentence
    return _at(tenant, press, problem)


def reject(tenant: Tenant, press: Press) -> Outcome:
    """Leave feedback out, and show the next item."""
    feedback.reject(tenant, press.person_id, press.id("feedback_id"))
    return _at(tenant, press, "")


def _at(tenant: Tenant, press: Press, problem: str) -> Outcome:
    card = views.inbox(tenant, press.person_id, press.id("agent_id"), press.number("number"), problem=problem)
    return Outcome(card=card)
