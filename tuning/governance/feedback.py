"""Feedback on answers: given by the person who got the answer, reviewed by the agent's owner."""

from collections.abc import Collection

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.feedback import STATES, Fault, Feedback, FeedbackState, Reaction
from tuning.domain.fields import now
from tuning.domain.permissions import Permission
from tuning.domain.usage import opinion
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, number, say
from tuning.store import agents, audit, conversations, feedback, usage

MAX_TEXT = 2_000
"""Characters of a question or comment that somebody writes."""
MAX_CORRECTION = 6_000
"""Characters of a correction: that of a draft is a whole document."""
MAX_WAITING = 50
"""How much of one person's feedback may wait for one owner, so that nobody floods an agent."""


def give(
    tenant: Tenant,
    person_id: str,
    answer_id: str,
    *,
    reaction: Reaction | None = None,
    reason: Fault | None = None,
    comment: str = "",
    correction: str = "",
    is_whole: bool = False,
) -> Feedback:
    """Say something about an answer, or change it: what is left out stays as it was said before.

    Where it `is_whole`, what is left out is taken back.

    To say the same once more changes nothing, as when Teams delivers a press again whose answer it never got.

    Raise `InvalidInput` for too much text or nothing at all, `WrongState` once the owner has decided on it.
    """
    comment, correction = _text(comment, mark("comment")), _text(correction, mark("correction"), MAX_CORRECTION)
    with access.act(tenant, person_id, answer_id) as session:
        answer = _rateable(session, tenant, person_id, answer_id)
        first = Feedback(agent_id=answer.agent_id, answer_id=answer_id, person_id=person_id, question=answer.question)
        given = feedback.keep_on_answer(session, first)
        counted = opinion(given)
        if given is first:
            _check_room(feedback.count_new(session, answer.agent_id, person_id) - 1)
        if given.state in {FeedbackState.ACCEPTED, FeedbackState.REJECTED}:
            raise WrongState(
                say(
                    "The owner has already {state} what you said about this answer; thank you.",
                    state=say(STATES[given.state]),
                )
            )
        if given.state == FeedbackState.WITHDRAWN:
            given.clear()
        before = given.said
        given.reaction = reaction or given.reaction
        given.reason = reason if is_whole else reason or given.reason
        given.comment = comment if is_whole else comment or given.comment
        given.correction = correction if is_whole else correction or given.correction
        if _is_said_anew(given, before):
            _keep(session, given, counted)
        return given


def change(
    tenant: Tenant,
    person_id: str,
    feedback_id: str,
    *,
    reaction: Reaction | None,
    reason: Fault | None,
    comment: str,
    correction: str,
) -> Feedback:
    """Put other words in the place of all that was said about an answer; raise `WrongState` once it is decided on."""
    comment, correction = _text(comment, mark("comment")), _text(correction, mark("correction"), MAX_CORRECTION)
    with access.act(tenant, person_id, feedback_id) as session:
        given = feedback.get_for_update(session, feedback_id)
        access.check(session, tenant, person_id, Permission.FEEDBACK_GIVE, given)
        given.check_new()
        counted, before = opinion(given), given.said
        given.reaction, given.reason, given.comment, given.correction = reaction, reason, comment, correction
        if _is_said_anew(given, before):
            _keep(session, given, counted)
        return given


def about(tenant: Tenant, person_id: str, answer_id: str) -> Feedback | None:
    """Return what a person has said about an answer that they may still speak about; None: nothing yet."""
    with access.act(tenant, person_id, answer_id) as session:
        _rateable(session, tenant, person_id, answer_id)
        given = feedback.on_answer(session, answer_id, person_id)
        if given is not None and given.state != FeedbackState.WITHDRAWN:
            given.check_new()
        return given


def own(tenant: Tenant, person_id: str, number: int) -> tuple[Feedback | None, int]:
    """Return one piece of a person's own feedback, counted from the newest, and how much there is."""
    with tenant.store.reading() as session:
        total = feedback.count_of_person(session, person_id)
        return (feedback.of_person(session, person_id, number % total) if total else None), total


def withdraw(tenant: Tenant, person_id: str, feedback_id: str) -> Feedback:
    """Take one's own feedback back; raise `WrongState` once it has been turned down or learned."""
    with access.act(tenant, person_id, feedback_id) as session:
        given = feedback.get_for_update(session, feedback_id)
        access.check(session, tenant, person_id, Permission.FEEDBACK_GIVE, given)
        counted = opinion(given)
        given.withdraw()
        session.add(given)
        usage.judged(session, given, counted)
        audit.record(session, Tag.FEEDBACK_WITHDRAWN, person_id, given.id)
        return given


def inbox(tenant: Tenant, owner_id: str, agent_id: str) -> list[Feedback]:
    """Return what waits for the owner's decision, oldest first; bare thumbs up need none."""
    with access.act(tenant, owner_id, agent_id) as session:
        access.check(session, tenant, owner_id, Permission.FEEDBACK_REVIEW, agents.get(session, agent_id))
        return list(feedback.to_review(session, agent_id))


def accept(tenant: Tenant, actor_id: str, feedback_id: str, question: str | None, correction: str) -> Feedback:
    """Take a correction, as the owner edited it, into the next run; without a question, with the one that was asked."""
    question, correction = _learnable(question, correction)
    with access.act(tenant, actor_id, feedback_id) as session:
        given = feedback.get_for_update(session, feedback_id)
        access.check(session, tenant, actor_id, Permission.FEEDBACK_REVIEW, given)
        _accept(session, actor_id, given, question or given.question, correction)
        return given


def merge(
    tenant: Tenant, actor_id: str, feedback_ids: Collection[str], question: str | None, correction: str
) -> list[Feedback]:
    """Accept several people's feedback on one matter together, in the owner's words: it is learned once.

    Without a question, each keeps the one that was asked.
    All or nothing: raise `WrongState` if one of them has been decided on or taken back meanwhile.
    """
    question, correction = _learnable(question, correction)
    ids = sorted(set(feedback_ids))
    if not ids:
        raise InvalidInput(say("Tick what is to be accepted together."))
    with access.act(tenant, actor_id, ids[0]) as session:
        found = [feedback.get_for_update(session, feedback_id) for feedback_id in ids]
        for given in found:
            access.check(session, tenant, actor_id, Permission.FEEDBACK_REVIEW, given)
        if len({given.agent_id for given in found}) > 1:
            raise InvalidInput(say("These are about answers of different agents: accept them one by one."))
        matter = {"matter_id": ids[0]} if len(ids) > 1 else {}
        for given in found:
            _accept(session, actor_id, given, question or given.question, correction, **matter)
        return found


def reject(tenant: Tenant, actor_id: str, feedback_id: str, *others: str) -> list[Feedback]:
    """Leave out what of it still waits, and return that; raise `WrongState` if nothing does."""
    ids = sorted({feedback_id, *others})
    with access.act(tenant, actor_id, ids[0]) as session:
        found = [feedback.get_for_update(session, one) for one in ids]
        for given in found:
            access.check(session, tenant, actor_id, Permission.FEEDBACK_REVIEW, given)
        waiting = [given for given in found if given.state == FeedbackState.NEW] or found[:1]  # which says why not
        for given in waiting:
            given.reject(actor_id)
            session.add(given)
            who = {"agent_id": given.agent_id, "given_by": given.person_id}
            audit.record(session, Tag.FEEDBACK_REJECTED, actor_id, given.id, **who)
        return waiting


def _rateable(session: Session, tenant: Tenant, person_id: str, answer_id: str) -> Answer:
    answer = conversations.answer(session, answer_id)
    access.check(session, tenant, person_id, Permission.FEEDBACK_GIVE, answer)
    if answer.is_forgotten:
        raise WrongState(say("That question was taken back, and its answer with it. Ask it again to rate the answer."))
    return answer


def _is_said_anew(given: Feedback, before: tuple[object, ...]) -> bool:
    if given.reaction != Reaction.DISLIKE:
        given.reason = None  # of those who changed their mind
    if not any(given.said):
        raise InvalidInput(say("There is nothing in the feedback: choose a thumb, or write what is wrong."))
    return given.said != before


def _keep(session: Session, given: Feedback, counted: dict[str, int]) -> None:
    given.state, given.given_at = FeedbackState.NEW, now()
    session.add(given)
    session.flush()
    usage.judged(session, given, counted)
    audit.record(
        session,
        Tag.FEEDBACK_GIVEN,
        given.person_id,
        given.id,
        answer_id=given.answer_id,
        reaction=given.reaction,
        corrects=bool(given.correction),
    )


def _learnable(question: str | None, correction: str) -> tuple[str | None, str]:
    question = None if question is None else _text(question, mark("question"))
    correction = _text(correction, mark("correction"), MAX_CORRECTION)
    if question == "" or not correction:
        raise InvalidInput(say("To learn from it, the agent needs both a question and what the answer should be."))
    return question, correction


def _accept(session: Session, actor_id: str, given: Feedback, question: str, correction: str, **matter: str) -> None:
    counted = opinion(given)
    given.accept(actor_id, question, correction, **matter)
    session.add(given)
    usage.judged(session, given, counted)
    who = {"agent_id": given.agent_id, "given_by": given.person_id}
    audit.record(session, Tag.FEEDBACK_ACCEPTED, actor_id, given.id, **who, **matter)


def _check_room(waiting: int) -> None:
    if waiting >= MAX_WAITING:
        raise WrongState(
            say(
                "{count} pieces of your feedback wait for this agent's owner. Give more once they are read.",
                count=waiting,
            )
        )


def _text(text: str, what: str, most: int = MAX_TEXT) -> str:
    text = text.strip()
    if len(text) > most:
        raise InvalidInput(
            say(
                "The {field} may have at most {most} characters; there are {count}. Shorten it.",
                field=say(what),
                most=number(most),
                count=number(len(text)),
            )
        )
    return text
