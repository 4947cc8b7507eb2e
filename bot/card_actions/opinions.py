"""Buttons about a person's own feedback: correct an answer, change what was said, take it back."""

from enum import StrEnum
from typing import TypeVar

from adaptive_cards.answer import answer_card
from adaptive_cards.opinion import NONE, corrected_card
from bot import opinion_views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.domain.errors import InvalidInput
from tuning.domain.feedback import Fault, Reaction
from tuning.governance import feedback
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import rollouts
from tuning.store import conversations

Choice = TypeVar("Choice", bound=StrEnum)


def correct(tenant: Tenant, press: Press) -> Outcome:
    """Take a correction of an answer; again changes it."""
    correction = press.text("correction")
    if not correction:
        msg = say("Write what the answer should have been, then send it.")
        raise InvalidInput(msg)
    given = feedback.give(tenant, press.person_id, press.id("answer_id"), correction=correction)
    rollouts.rated(tenant, given)
    return Outcome(card=corrected_card(given))


def open_own(tenant: Tenant, press: Press) -> Outcome:
    """Show another piece of what the person has said."""
    return Outcome(card=opinion_views.own(tenant, press.person_id, press.number("number")))


def change(tenant: Tenant, press: Press) -> Outcome:
    """Put what is filled in in the place of what was said before."""
    number, problem, done = press.number("number"), "", ""
    try:
        given = feedback.change(
            tenant,
            press.person_id,
            press.id("feedback_id"),
            reaction=_chosen(press, "reaction", Reaction),
            reason=_chosen(press, "reason", Fault),
            comment=press.text("comment"),
            correction=press.text("correction"),
        )
    except InvalidInput as refusal:
        problem = refusal.sentence
    else:
        rollouts.rated(tenant, given)
        number, done = 0, say("✓ Saved.")  # what was said last comes first
    return Outcome(card=opinion_views.own(tenant, press.person_id, number, problem=problem, done=done))


def withdraw(tenant: Tenant, press: Press) -> Outcome:
    """Take back what was said about an answer, and show what stood there before."""
    given = feedback.withdraw(tenant, press.person_id, press.id("feedback_id"))
    if "number" in press.data:
        number = press.number("number")
        return Outcome(card=opinion_views.own(tenant, press.person_id, number, done=say("✓ Taken back.")))
    with tenant.store.reading() as session:
        answer = conversations.answer(session, given.answer_id)
    return Outcome(card=answer_card(answer, note=say("✓ Taken back.")))


def _chosen(press: Press, key: str, kind: type[Choice]) -> Choice | None:
    value = press.text(key)
    if value in {"", NONE}:
        return None
    if value not in set(kind):
        raise InvalidInput(say(STALE))
    return kind(value)
