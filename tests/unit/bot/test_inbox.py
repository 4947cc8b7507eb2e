"""The owner's inbox in chat: what several people wrote of one question is settled at once."""

import re

import pytest

from adaptive_cards.elements import card
from adaptive_cards.opinion import wanted
from bot.card_actions import feedback as buttons
from bot.card_actions.press import Press
from bot.loopback import default_inputs, find_action
from tests.factories import keep, make_agent, make_answer, make_tenant
from tuning.domain.feedback import FeedbackState
from tuning.domain.policy import Policy
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
    typed = {"are_several": True, "together": given["bo"], "question": "May I fly to Rome?", "correction": "Mine."}
    card = buttons.open_inbox(tenant, pressed(feedback_id=given["dee"], **typed)).card
    assert field(card, "correction") == "Yes, says dee."
    assert (field(card, "question"), field(card, "together")) == ("May I fly to Rome?", given["bo"])


def test_what_is_ticked_is_accepted_together_and_the_rest_waits(tenant, given):
    ticked = ",".join([given["bo"], given["dee"]])
    outcome = buttons.merge(
        tenant, pressed(are_several=True, together=ticked, question="May I fly?", correction="Over 600 km.")
    )
    accepted, new = FeedbackState.ACCEPTED, FeedbackState.NEW
    assert states(tenant, given) == [accepted, new, accepted, new]
    assert "Yes, says cy." in str(outcome.card)


def test_without_words_or_ticks_nothing_is_settled_and_what_was_typed_stays(tenant, given):
    everybody = ",".join(given[who] for who in PEOPLE)
    card = buttons.merge(
        tenant, pressed(are_several=True, together=everybody, question="May I fly at all?", correction="")
    ).card
    assert (field(card, "question"), field(card, "correction")) == ("May I fly at all?", "")
    assert "needs both a question" in str(card)
    # Where nothing is ticked, clients send no list at all.
    assert "Tick what is to be left out" in str(buttons.reject(tenant, pressed(are_several=True)).card)
    assert "Tick what is to be accepted" in str(
        buttons.merge(tenant, pressed(are_several=True, question="May I fly?", correction="Yes.")).card
    )
    assert set(states(tenant, given)) == {FeedbackState.NEW}


def test_a_conflict_is_named_with_who_says_what(tenant):
    keep(tenant.store, Policy(is_naming_people=True))
    for who, correction in (("bo", "Only over 600 km."), ("cy", "only over 600 km"), ("dee", "Only over 800 km.")):
        governed.give(tenant, who, who, correction=correction)
    card = buttons.open_inbox(tenant, pressed()).card
    assert card is not None
    (said,) = [node["text"] for node in card["body"] if "“" in node.get("text", "")]
    assert said == "- Bo, Cy: “Only over 600 km.”\n- Dee: “Only over 800 km.”"
    assert "They don't agree on the answer" in str(card)


def test_people_are_pseudonyms_in_the_inbox_until_the_policy_names_them(tenant, given):
    shown = str(buttons.open_inbox(tenant, pressed()).card)
    assert "person " in shown
    assert not {"Bo", "Cy", "Dee"} & set(re.findall(r"\w+", shown))


def test_what_was_accepted_before_is_a_side_of_the_conflict_too(tenant, given):
    governed.accept(tenant, "ana", given["bo"], "May I fly?", "Yes, over 600 km.")
    governed.reject(tenant, "ana", given["cy"])
    card = buttons.open_inbox(tenant, pressed(number=1)).card
    assert "accepted before: “Yes, over 600 km.”" in str(card) or "accepted before: “Yes, over 600 km.”" in str(
        buttons.open_inbox(tenant, pressed(number=0)).card
    )


def test_where_all_agree_nothing_is_called_a_conflict(tenant):
    for who in PEOPLE:
        governed.give(tenant, who, who, correction="Only over 600 km.")
    assert "don't agree" not in str(buttons.open_inbox(tenant, pressed()).card)


def test_what_is_ticked_is_left_out_together(tenant, given):
    ticked = ",".join([given["bo"], given["cy"]])
    buttons.reject(tenant, pressed(are_several=True, together=ticked, question="May I fly?", correction="Yes."))
    rejected, new = FeedbackState.REJECTED, FeedbackState.NEW
    assert states(tenant, given) == [rejected, rejected, new, new]


def test_what_was_taken_back_meanwhile_keeps_nobody_from_leaving_out_the_rest(tenant, given):
    governed.withdraw(tenant, "cy", given["cy"])
    everybody = {"are_several": True, "together": ",".join(given[who] for who in PEOPLE), "question": "May I fly?"}
    card = buttons.reject(tenant, pressed(**everybody)).card
    rejected, withdrawn, new = FeedbackState.REJECTED, FeedbackState.WITHDRAWN, FeedbackState.NEW
    assert states(tenant, given) == [rejected, withdrawn, rejected, new]
    assert "already" not in str(card)
    # Once more, as from another device: the next matter isn't shown with the words for this one.
    again = str(buttons.reject(tenant, pressed(**everybody, correction="Mine.")).card)
    assert "This feedback is already" in again
    assert "The front desk." in again
    assert "Mine." not in again
    assert "already rejected" in str(buttons.reject(tenant, pressed(feedback_id=given["bo"])).card)


@pytest.mark.parametrize("gone", [["bo"], ["bo", "cy"]])
def test_when_one_is_taken_back_the_others_stay_ticked_and_the_words_typed(tenant, given, gone):
    with tenant.store.transaction() as session:
        first, other = (feedback.get(session, given[key]) for key in ("bo", "other"))
        other.given_at = first.given_at  # so that its matter comes first once Bo's word is gone
        session.add(other)
    for who in gone:
        governed.withdraw(tenant, who, given[who])
    typed = {"question": "May I fly to Rome?", "correction": "Over 600 km."}
    everybody = ",".join(given[who] for who in PEOPLE)
    card = buttons.merge(tenant, pressed(are_several=True, together=everybody, **typed)).card
    assert "✗ This feedback is already withdrawn." in str(card)
    assert {key: field(card, key) for key in typed} == typed
    left = [given[who] for who in PEOPLE if who not in gone]
    if len(left) > 1:
        assert field(card, "together").split(",") == left
    button = find_action(card, "Accept together" if len(left) > 1 else "Accept")["data"]
    act = buttons.merge if len(left) > 1 else buttons.accept
    act(tenant, Press(person_id="ana", chat_id="chat", data={**button, **default_inputs(card)}))
    with tenant.store.reading() as session:
        kept = [feedback.get(session, one) for one in left]
    assert {(one.state, one.question, one.correction) for one in kept} == {(FeedbackState.ACCEPTED, *typed.values())}


def test_when_all_that_was_ticked_is_taken_back_the_words_stay_and_nothing_is_ticked(tenant, given):
    governed.withdraw(tenant, "bo", given["bo"])
    typed = {"question": "May I fly?", "correction": "Over 600 km."}
    card = buttons.merge(tenant, pressed(are_several=True, together=given["bo"], **typed)).card
    assert {key: field(card, key) for key in (*typed, "together")} == {**typed, "together": ""}


@pytest.mark.parametrize("several", [1, 2])
def test_a_question_too_long_for_a_field_is_learned_as_it_was_asked(tenant, several):
    asked = "May I fly? " * 300
    keep(tenant.store, *(make_answer(id=f"long{who}", person_id=who, question=asked) for who in PEOPLE[:several]))
    ids = [governed.give(tenant, who, f"long{who}", correction="Yes. " * 600).id for who in PEOPLE[:several]]
    card = buttons.open_inbox(tenant, pressed()).card
    assert card is not None
    sent = default_inputs(card)
    assert "question" not in sent
    button = find_action(card, "Accept" if several == 1 else "Accept together")["data"]
    act = buttons.accept if several == 1 else buttons.merge
    act(tenant, Press(person_id="ana", chat_id="chat", data={**button, **sent}))
    with tenant.store.reading() as session:
        kept = [feedback.get(session, feedback_id) for feedback_id in ids]
    assert [(it.state, it.question, it.correction) for it in kept] == [
        (FeedbackState.ACCEPTED, asked, ("Yes. " * 600).strip())
    ] * several


def test_half_an_answer_is_never_offered_to_correct():
    assert default_inputs(card(wanted("No. " * 1000))) == {"correction": "No. " * 1000}
    assert default_inputs(card(wanted("No. " * 2000))) == {"correction": ""}


def test_what_was_withdrawn_meanwhile_is_said_on_the_next_card(tenant, given):
    governed.withdraw(tenant, "bo", given["other"])
    outcome = buttons.accept(
        tenant, pressed(feedback_id=given["other"], question="Who books my hotel?", correction="The front desk.")
    )
    assert "withdrawn" in str(outcome.card)
    assert "inbox, 1 of 1" in str(outcome.card)
