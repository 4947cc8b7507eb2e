"""Forgets one question and its answer, because the person who asked took the message back."""

from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer
from tuning.domain.feedback import FeedbackState
from tuning.domain.usage import opinion
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.store import audit, conversations, drafts, feedback, usage


def forget(tenant: Tenant, person_id: str, chat_id: str, activity_id: str, *, new_text: str = "") -> Answer | None:
    """Blank what a person asked with a message, and what was answered; return the row, or None if there is none.

    With the text that the message has now nothing is done if that is the question already. What the person said about
    the answer is forgotten with it, unless the owner has accepted it: then it is the organisation's, as edited. The
    answer's id, release and time stay, for the counts of use.
    """
    with access.act(tenant, person_id) as session:
        answer = conversations.answer_to(session, chat_id, person_id, activity_id, is_changed=True)
        if answer is None or answer.is_forgotten or answer.question == new_text:
            return answer
        answer.forget()
        session.add(answer)
        drafts.forget(session, answer.id)
        unread = [one for one in feedback.on_answer_for_update(session, answer.id) if one.state == FeedbackState.NEW]
        for given in unread:
            counted = opinion(given)
            given.forget()
            session.add(given)
            usage.judged(session, given, counted)
        said = {"agent_id": answer.agent_id, "is_edited": bool(new_text), "feedback": [one.id for one in unread]}
        audit.record(session, Tag.QUESTION_FORGOTTEN, person_id, answer.id, **said)
        return answer
