"""Buttons of the owner's inbox."""

from dataclasses import replace

from adaptive_cards.together import Words
from bot import views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.datasets.questions import Seen
from tuning.domain.errors import InvalidInput, NotFound, WrongState
from tuning.governance import feedback
from tuning.governance.tenant import Tenant
from tuning.languages import say


def open_inbox(tenant: Tenant, press: Press) -> Outcome:
    """Show a matter of the inbox, with the words of the correction that the owner takes if they take one."""
    words = _words(press)
    if words is not None and (taken_id := press.text("feedback_id")):
        waiting = feedback.inbox(tenant, press.person_id, press.id("agent_id"))
        words = replace(words, correction=next((one.correction for one in waiting if one.id == taken_id), ""))
    return _at(tenant, press, words=words)


def accept(tenant: Tenant, press: Press) -> Outcome:
    """Take feedback, as edited, into the next run, and show the next item."""
    problem = ""
    try:
        feedback.accept(tenant, press.person_id, press.id("feedback_id"), _question(press), press.text("correction"))
    except (InvalidInput, NotFound, WrongState) as refusal:
        problem = refusal.sentence
    return _at(tenant, press, problem=problem)


def merge(tenant: Tenant, press: Press) -> Outcome:
    """Take what is ticked into the next run as one correction, and show the next matter."""
    words = _words(press)
    if words is None:
        raise InvalidInput(say(STALE))
    try:
        feedback.merge(tenant, press.person_id, words.ticked, words.question, words.correction)
    except InvalidInput as refusal:
        return _at(tenant, press, words=words, problem=refusal.sentence)
    except (NotFound, WrongState) as refusal:
        return _again(tenant, press, words, refusal.sentence)
    return _at(tenant, press)


def reject(tenant: Tenant, press: Press) -> Outcome:
    """Leave feedback out, the one of the card or what is ticked on it, and show the next matter."""
    words = _words(press)
    ids = [press.id("feedback_id")] if words is None else words.ticked
    if not ids:
        return _at(tenant, press, words=words, problem=say("Tick what is to be left out."))
    try:
        feedback.reject(tenant, press.person_id, *ids)
    except (NotFound, WrongState) as refusal:
        return _again(tenant, press, words, refusal.sentence)
    return _at(tenant, press)


def _words(press: Press) -> Words | None:
    """Return what was typed and ticked on a card that shows several together; None for any other card."""
    if press.data.get("are_several") is not True:  # where nothing is ticked, clients send no list
        return None
    return Words(question=_question(press), correction=press.text("correction"), ticked=press.choices("together"))


def _question(press: Press) -> str | None:
    """Return the question as the owner typed it; None where the card had no field for it, since it is too long."""
    return None if press.data.get("is_as_asked") is True else press.text("question")


def _again(tenant: Tenant, press: Press, words: Words | None, problem: str) -> Outcome:
    """Show the inbox as it is now; what was typed stays while something of its matter waits, ticks on what does."""
    if words is not None:
        waiting, typed = feedback.inbox(tenant, press.person_id, press.id("agent_id")), Seen([words.question or ""])
        ticked = [one.id for one in waiting if one.id in words.ticked]
        is_over = not ticked and not any(typed.has(one.question) for one in waiting)
        words = None if is_over else replace(words, ticked=ticked)
    return _at(tenant, press, words=words, problem=problem)


def _at(tenant: Tenant, press: Press, *, words: Words | None = None, problem: str = "") -> Outcome:
    agent_id, number = press.id("agent_id"), press.number("number")
    return Outcome(card=views.inbox(tenant, press.person_id, agent_id, number, words=words, problem=problem))
