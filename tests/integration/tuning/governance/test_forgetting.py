"""A question taken back, on both databases."""

from tests.factories import keep, make_agent, make_answer, make_tenant
from tuning.domain.conversations import Conversation
from tuning.domain.drafts import Draft
from tuning.domain.feedback import FeedbackState, Reaction
from tuning.governance import feedback as governed
from tuning.governance import forgetting
from tuning.store import audit, conversations, drafts, feedback


def test_a_question_is_forgotten_once_with_all_that_hangs_on_it(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(
        store,
        make_agent(),
        Conversation(id="talk", chat_id="chat", person_id="bo", agent_id="agent"),
        make_answer(incoming_activity_id="1_%", seconds=1.0, is_declined=True),
        Draft(answer_id="answer", person_id="bo", chat_id="chat", name="No.docx", content=b"No."),
    )
    given = governed.give(tenant, "bo", "answer", reaction=Reaction.DISLIKE, comment="Hm.")
    anew = forgetting.forget(tenant, "bo", "chat", "1_%", new_text="May I fly?")
    assert anew
    assert anew.question == "May I fly?"
    assert forgetting.forget(tenant, "cy", "chat", "1_%") is None
    again = [forgetting.forget(tenant, "bo", "chat", "1_%") for _ in range(2)]
    assert all(answer and answer.is_forgotten for answer in again)
    with store.reading() as session:
        answer, said = conversations.answer(session, "answer"), feedback.get(session, given.id)
        tags = [event.tag for event in audit.chain(session)]
        assert drafts.of_answer(session, "answer") is None
        assert feedback.judged(session, "agent") == []
    assert (answer.question, answer.text, answer.is_declined) == ("", "", False)
    assert (said.state, said.question, said.comment, said.reaction) == (FeedbackState.WITHDRAWN, "", "", None)
    assert tags == ["feedback:given", "question:forgotten"]
