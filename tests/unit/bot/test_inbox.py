"""The owner's inbox in chat: what several people wrote of one question is settled at once."""

import pytest

from bot.card_actions import feedback as buttons
from bot.card_actions.press import Press
from tests.factories import keep, make_agent, make_answer, make_tenant
from tuning.domain.feedback import FeedbackState
from tuning.governance import feedback as governed
from tuning.store import feedback

PEOPLE = ("bo", "cy", "dee")


@pytest.fixture
def tenant(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(store, make_agent(), *(make_answer(id=who, person_id=who) for who in PEOPLE))
    keep(store, make_answer(id="other", question="Who books my hotel?"))
    return tenant


@pytest.fixture
def given(tenant):
    """What Bo, Cy and Dee wrote of the same question, and Bo of another."""
    alike = {who: governed.give(tenant, who, who, correction=f"Yes, says {who}.").id for who in PEOPLE}
    return {**alike, "other": governed.give(tenant, "bo", "other", correction="The front desk.").id}


def pressed(**data):
    return Press(person_id="ana", chat_id="chat", data={"agent_id": "agent", "number": 0, **data})


def field(card, key):
    assert card is not None
    return next(element["value"] for element in card["body"] if element.get("id") == key)


def states(tenant, given):
    with tenant.store.reading() as session:
        return [feedback.get(session, feedback_id).state for feedback_id in given.values()]


def test_what_is_alike_stands_on_one_card_with_everybody_ticked(tenant, given):
    card = buttons.open_inbox(tenant, pressed()).card
    assert card is not None
    assert "inbox, 1 of 2" in card["body"][0]["text"]
    assert field(card, "together").split(",") == [given[who] for who in PEOPLE]
    assert field(card, "correction") == "Yes, says bo."
    assert all(f"Yes, says {who}." in str(card) for who in PEOPLE)
    assert "The front desk." in str(buttons.open_inbox(tenant, pressed(number=1)).card)


def test_the_owner_takes_the_words_of_one_and_keeps_what_was_typed(tenant, given):
    typed = {"together": given["bo"], "question": "May I fly to Rome?", "correction": "Mine."}
    card = buttons.open_inbox(tenant, pressed(feedback_id=given["dee"], **typed)).card
    assert field(card, "correction") == "Yes, says dee."
    assert (field(card, "question"), field(card, "together")) == ("May I fly to Rome?", given["bo"])


def test_what_is_ticked_is_accepted_together_and_the_rest_waits(tenant, given):
    ticked = ",".join([given["bo"], given["dee"]])
    outcome = buttons.merge(tenant, pressed(together=ticked, question="May I fly?", correction="Over 600 km."))
    accepted, new = FeedbackState.ACCEPTED, FeedbackState.NEW
    assert states(tenant, given) == [accepted, new, accepted, new]
    assert "Yes, says cy." in str(outcome.card)


def test_without_words_or_ticks_nothing_is_settled_and_what_was_typed_stays(tenant, given):
    everybody = ",".join(given[who] for who in PEOPLE)
    card = buttons.merge(tenant, pressed(together=everybody, question="May I fly at all?", correction="")).card
    assert (field(card, "question"), field(card, "correction")) == ("May I fly at all?", "")
    assert "needs both a question" in str(card)
    assert "Tick what" in str(buttons.reject(tenant, pressed(together="", question="", correction="")).card)
    assert set(states(tenant, given)) == {FeedbackState.NEW}


def test_what_is_ticked_is_left_out_together(tenant, given):
    ticked = ",".join([given["bo"], given["cy"]])
    buttons.reject(tenant, pressed(together=ticked, question="May I fly?", correction="Yes."))
    rejected, new = FeedbackState.REJECTED, FeedbackState.NEW
    assert states(tenant, given) == [rejected, rejected, new, new]
