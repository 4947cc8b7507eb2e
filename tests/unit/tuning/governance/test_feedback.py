from typing import Any

import pytest

from tests.factories import keep, make_agent, make_answer
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.feedback import Fault, FeedbackState, Reaction
from tuning.governance import feedback as governed
from tuning.store import audit, feedback


@pytest.fixture(autouse=True)
def answered(tenant):
    keep(tenant.store, make_agent(), make_answer())


def test_saying_more_changes_what_was_said(tenant):
    first = governed.give(tenant, "bo", "answer", reaction=Reaction.DISLIKE)
    second = governed.give(tenant, "bo", "answer", correction=" Yes, in economy. ")
    assert second.id == first.id
    assert (second.reaction, second.correction, second.question) == (
        Reaction.DISLIKE,
        "Yes, in economy.",
        "May I fly?",
    )


def test_saying_the_same_once_more_changes_nothing(tenant):
    first = governed.give(tenant, "bo", "answer", reaction=Reaction.DISLIKE, correction="Yes, in economy.")
    again = governed.give(tenant, "bo", "answer", correction="Yes, in economy.")
    assert (again.id, again.given_at) == (first.id, first.given_at)
    with tenant.store.reading() as session:
        assert [event.tag for event in audit.events(session, first.id)] == ["feedback:given"]


def test_only_the_person_who_got_an_answer_talks_about_it(tenant):
    with pytest.raises(NotAllowed, match="who got an answer"):
        governed.give(tenant, "cy", "answer", reaction=Reaction.LIKE)
    given = governed.give(tenant, "bo", "answer", reaction=Reaction.LIKE)
    with pytest.raises(NotAllowed):
        governed.withdraw(tenant, "ana", given.id)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "nothing in the feedback"),
        ({"correction": "x" * 6001}, "at most 6,000 characters; there are 6,001"),
        ({"comment": "x" * 2001}, "comment"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(tenant, said, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        governed.give(tenant, "bo", "answer", **said)
    with tenant.store.reading() as session:
        assert feedback.count_new(session, "agent", "bo") == 0


def test_one_person_cannot_flood_an_owner(tenant, monkeypatch):
    monkeypatch.setattr(governed, "MAX_WAITING", 2)
    keep(tenant.store, *(make_answer(id=f"answer{number}") for number in range(3)))
    for number in range(2):
        governed.give(tenant, "bo", f"answer{number}", reaction=Reaction.LIKE)
    with pytest.raises(WrongState, match="2 pieces of your feedback"):
        governed.give(tenant, "bo", "answer2", reaction=Reaction.LIKE)
    assert governed.give(tenant, "bo", "answer1", comment="Changed.").comment == "Changed."


def test_the_inbox_holds_what_needs_a_decision(tenant):
    keep(tenant.store, make_answer(id="liked"))
    governed.give(tenant, "bo", "liked", reaction=Reaction.LIKE)
    wrong = governed.give(tenant, "bo", "answer", correction="Yes.")
    assert [one.id for one in governed.inbox(tenant, "ana", "agent")] == [wrong.id]
    with pytest.raises(NotAllowed):
        governed.inbox(tenant, "bo", "agent")


def test_an_accepted_correction_is_learned_as_the_owner_edited_it(tenant):
    given = governed.give(tenant, "bo", "answer", correction="yes")
    governed.accept(tenant, "ana", given.id, "May I fly to Rome?", "Yes, in economy.")
    with tenant.store.reading() as session:
        (kept,) = feedback.accepted(session, "agent")
        assert [event.tag for event in audit.events(session, given.id)] == ["feedback:given", "feedback:accepted"]
    assert (kept.question, kept.correction, kept.reviewed_by) == ("May I fly to Rome?", "Yes, in economy.", "ana")
    assert governed.inbox(tenant, "ana", "agent") == []
    for again in (
        lambda: governed.accept(tenant, "ana", given.id, "Q", "A"),
        lambda: governed.reject(tenant, "ana", given.id),
        lambda: governed.give(tenant, "bo", "answer", comment="Oh."),
    ):
        with pytest.raises(WrongState, match="already accepted"):
            again()


def test_only_the_owner_reviews(tenant):
    given = governed.give(tenant, "bo", "answer", correction="Yes.")
    for who in ("bo", "cy", "stranger"):
        with pytest.raises(NotAllowed):
            governed.accept(tenant, who, given.id, "Q", "A")
        with pytest.raises(NotAllowed):
            governed.reject(tenant, who, given.id)


def test_feedback_taken_back_is_not_learned_and_can_be_given_anew(tenant):
    given = governed.give(tenant, "bo", "answer", reaction=Reaction.DISLIKE, correction="Yes.")
    governed.accept(tenant, "ana", given.id, "May I fly?", "Yes.")
    assert governed.withdraw(tenant, "bo", given.id).state == FeedbackState.WITHDRAWN
    with tenant.store.reading() as session:
        assert feedback.accepted(session, "agent") == []
    again = governed.give(tenant, "bo", "answer", reaction=Reaction.LIKE)
    assert (again.state, again.correction) == (FeedbackState.NEW, "")


@pytest.fixture
def corrected(tenant):
    """Bo, Cy and Dee have corrected the same answer, each in their own words."""
    keep(tenant.store, *(make_answer(id=who, person_id=who, text="Never.") for who in ("cy", "dee")))
    return [
        governed.give(tenant, who, answer_id, correction=f"Yes, says {who}.").id
        for who, answer_id in (("bo", "answer"), ("cy", "cy"), ("dee", "dee"))
    ]


def test_what_is_merged_is_settled_at_once_for_each_author_and_learned_once(tenant, corrected):
    governed.merge(tenant, "ana", corrected, "May I fly?", " Yes, over 600 km. ")
    assert governed.inbox(tenant, "ana", "agent") == []
    with tenant.store.reading() as session:
        settled = feedback.accepted(session, "agent")
        assert {(one.person_id, one.correction, one.reviewed_by) for one in settled} == {
            (who, "Yes, over 600 km.", "ana") for who in ("bo", "cy", "dee")
        }
        assert len({one.matter_id for one in settled}) == 1
        assert len(feedback.to_learn(session, "agent")) == 1
        for feedback_id in corrected:
            *_, event = audit.events(session, feedback_id)
            assert (event.tag, event.detail["matter_id"]) == ("feedback:accepted", min(corrected))


def test_what_one_takes_back_of_what_was_merged_the_others_still_teach(tenant, corrected):
    governed.merge(tenant, "ana", corrected, "May I fly?", "Yes.")
    governed.withdraw(tenant, "bo", corrected[0])
    with tenant.store.reading() as session:
        (learned,) = feedback.to_learn(session, "agent")
    assert learned.person_id in {"cy", "dee"}


def test_feedback_that_is_ticked_alone_is_accepted_like_any_other(tenant, corrected):
    (given,) = governed.merge(tenant, "ana", corrected[:1], "May I fly?", "Yes.")
    assert (given.state, given.matter_id) == (FeedbackState.ACCEPTED, None)
    assert len(governed.inbox(tenant, "ana", "agent")) == 2


def test_of_what_is_merged_all_is_settled_or_nothing(tenant, corrected):
    governed.reject(tenant, "ana", corrected[2])
    with pytest.raises(WrongState, match="already rejected"):
        governed.merge(tenant, "ana", corrected, "May I fly?", "Yes.")
    assert len(governed.inbox(tenant, "ana", "agent")) == 2
    with tenant.store.reading() as session:
        refused = audit.events(session, min(corrected))[-1]
    assert (refused.tag, refused.actor_id) == ("act:refused", "ana")


def test_what_cannot_be_merged_is_refused_with_a_sentence(tenant, corrected):
    keep(tenant.store, make_agent(id="other", name="Other"), make_answer(id="elsewhere", agent_id="other"))
    elsewhere = governed.give(tenant, "bo", "elsewhere", correction="Yes.").id
    with pytest.raises(InvalidInput, match="different agents"):
        governed.merge(tenant, "ana", [corrected[0], elsewhere], "May I fly?", "Yes.")
    with pytest.raises(InvalidInput, match="Tick"):
        governed.merge(tenant, "ana", [], "May I fly?", "Yes.")
    with pytest.raises(InvalidInput, match="both a question"):
        governed.merge(tenant, "ana", corrected, "May I fly?", " ")
    for who in ("bo", "cy", "stranger"):
        with pytest.raises(NotAllowed):
            governed.merge(tenant, who, corrected, "May I fly?", "Yes.")
    assert len(governed.inbox(tenant, "ana", "agent")) == 3


def test_a_person_reads_changes_and_takes_back_what_they_said(tenant):
    keep(tenant.store, make_answer(id="other"))
    older = governed.give(tenant, "bo", "answer", reaction=Reaction.DISLIKE, reason=Fault.WRONG, comment="No.")
    newer = governed.give(tenant, "bo", "other", reaction=Reaction.LIKE)
    shown = [governed.own(tenant, "bo", number) for number in (0, 1, 2)]
    assert [(one.id, total) for one, total in shown if one] == [(newer.id, 2), (older.id, 2), (newer.id, 2)]
    assert governed.own(tenant, "ana", 0) == (None, 0)
    whole: dict[str, Any] = {"reaction": Reaction.LIKE, "reason": Fault.WRONG, "comment": "", "correction": "Yes."}
    changed = governed.change(tenant, "bo", older.id, **whole)
    assert changed.said == (Reaction.LIKE, None, "", "Yes.")
    with pytest.raises(NotAllowed, match="who got an answer"):
        governed.change(tenant, "ana", older.id, **whole)
    governed.withdraw(tenant, "bo", older.id)
    assert governed.own(tenant, "bo", 1) == (newer, 1)
    with pytest.raises(WrongState, match="already withdrawn"):
        governed.change(tenant, "bo", older.id, **whole)
    assert governed.give(tenant, "bo", "answer", comment="Hm.").said == (None, None, "Hm.", "")
