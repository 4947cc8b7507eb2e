"""Queries on feedback."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from tuning.domain.conversations import Answer
from tuning.domain.datasets import Example
from tuning.domain.feedback import Feedback, FeedbackState, Reaction
from tuning.store import rows


def get(session: Session, feedback_id: str) -> Feedback:
    """Return the feedback; raise `NotFound` if there is none."""
    return rows.get(session, Feedback, feedback_id)


def get_for_update(session: Session, feedback_id: str) -> Feedback:
    """Return the feedback and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Feedback, feedback_id)


def keep_on_answer(session: Session, first: Feedback) -> Feedback:
    """Put in a person's first word on an answer, or return what they have said before and keep it from other changes.

    A thumb and a correction may come in at the same moment: neither may undo the other.
    """
    same = (
        select(Feedback)
        .where(Feedback.answer_id == first.answer_id, Feedback.person_id == first.person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if (known := session.exec(same).first()) is not None:
        return known
    try:
        with session.begin_nested():
            session.add(first)
    except IntegrityError:
        return session.exec(same).one()
    return first


def on_answer(session: Session, answer_id: str, person_id: str) -> Feedback | None:
    """Return what a person has said about an answer."""
    return session.exec(
        select(Feedback).where(Feedback.answer_id == answer_id, Feedback.person_id == person_id)
    ).first()


def of_person(session: Session, person_id: str, number: int) -> Feedback | None:
    """Return one piece of what a person has said and not taken back, counted from 0 at the newest."""
    said = select(Feedback).where(Feedback.person_id == person_id, Feedback.state != FeedbackState.WITHDRAWN)
    return session.exec(said.order_by(col(Feedback.given_at).desc(), col(Feedback.id)).offset(number).limit(1)).first()


def count_of_person(session: Session, person_id: str) -> int:
    """Return how much a person has said and not taken back."""
    said = select(func.count()).select_from(Feedback).where(Feedback.person_id == person_id)
    return session.exec(said.where(Feedback.state != FeedbackState.WITHDRAWN)).one()


def on_answer_for_update(session: Session, answer_id: str) -> Sequence[Feedback]:
    """Return what was said about an answer, and keep it from other changes until the transaction ends."""
    return session.exec(select(Feedback).where(Feedback.answer_id == answer_id).with_for_update()).all()


def corrections_of(session: Session, answers: Sequence[Answer]) -> dict[str, str]:
    """Return what the people who asked made of the answers, by the answer's id; not what was turned down since."""
    said = session.exec(
        select(Feedback.answer_id, Feedback.correction)
        .join(Answer, col(Answer.id) == col(Feedback.answer_id))
        .where(col(Answer.id).in_([answer.id for answer in answers]), Answer.person_id == Feedback.person_id)
        .where(Feedback.correction != "", col(Feedback.state).in_([FeedbackState.NEW, FeedbackState.ACCEPTED]))
    )
    return dict(said.all())


def to_review(session: Session, agent_id: str) -> Sequence[Feedback]:
    """Return what the owner has not looked at yet, oldest first: all but bare thumbs up."""
    says_something = or_(
        col(Feedback.correction) != "", col(Feedback.comment) != "", col(Feedback.reaction) == Reaction.DISLIKE
    )
    return session.exec(
        select(Feedback)
        .where(Feedback.agent_id == agent_id, Feedback.state == FeedbackState.NEW, says_something)
        .order_by(col(Feedback.given_at))
    ).all()


def accepted(session: Session, agent_id: str) -> Sequence[Feedback]:
    """Return the corrections that the agent is to learn, oldest first."""
    return session.exec(
        select(Feedback)
        .where(Feedback.agent_id == agent_id, Feedback.state == FeedbackState.ACCEPTED, Feedback.correction != "")
        .order_by(col(Feedback.given_at), col(Feedback.id))
    ).all()


def to_learn(session: Session, agent_id: str) -> Sequence[Feedback]:
    """Return the corrections that the agent is to learn, oldest first; one of those that were accepted together."""
    by_matter = {one.matter_id or one.id: one for one in reversed(accepted(session, agent_id))}
    return list(reversed(by_matter.values()))


def judged(session: Session, agent_id: str) -> Sequence[tuple[Feedback, Answer]]:
    """Return accepted corrections and bare thumbs that nobody turned down, with the answers they are on, oldest first.

    Only whole answers: none that was stopped or that failed.
    """
    is_correction = and_(col(Feedback.state) == FeedbackState.ACCEPTED, col(Feedback.correction) != "")
    is_thumb = and_(
        col(Feedback.state).in_([FeedbackState.NEW, FeedbackState.ACCEPTED]),
        col(Feedback.correction) == "",
        col(Feedback.reaction).is_not(None),
    )
    return session.exec(
        select(Feedback, Answer)
        .join(Answer, col(Answer.id) == col(Feedback.answer_id))
        .where(Feedback.agent_id == agent_id, or_(is_correction, is_thumb))
        .where(col(Answer.seconds).is_not(None), col(Answer.is_stopped).is_(False), Answer.text != "")
        .order_by(col(Feedback.given_at), col(Feedback.id))
    ).all()


def corrected(session: Session, agent_id: str) -> dict[str, Answer]:
    """Return the answers that the corrections which the agent is to learn are on, by the correction's id."""
    found = session.exec(
        select(Feedback.id, Answer)
        .join(Answer, col(Answer.id) == col(Feedback.answer_id))
        .where(Feedback.agent_id == agent_id, Feedback.state == FeedbackState.ACCEPTED, Feedback.correction != "")
    )
    return dict(found.all())


def count_new(session: Session, agent_id: str, person_id: str) -> int:
    """Return how much of a person's feedback waits for the agent's owner."""
    return session.exec(
        select(func.count())
        .select_from(Feedback)
        .where(Feedback.agent_id == agent_id, Feedback.person_id == person_id, Feedback.state == FeedbackState.NEW)
    ).one()


def count_accepted(session: Session, agent_id: str, *, since: datetime | None) -> int:
    """Return how many of an agent's corrections have been accepted since a moment; None: at any time."""
    counted = select(func.count()).select_from(Feedback).where(Feedback.agent_id == agent_id)
    counted = counted.where(Feedback.state == FeedbackState.ACCEPTED, Feedback.correction != "")
    if since is not None:
        counted = counted.where(col(Feedback.reviewed_at) > since)
    return session.exec(counted).one()


def in_dataset(session: Session, dataset_id: str) -> Sequence[Feedback]:
    """Return the feedback that became examples of a dataset, with what was accepted together with it."""
    ids = select(Example.feedback_id).where(Example.dataset_id == dataset_id, col(Example.feedback_id).is_not(None))
    matters = select(Feedback.matter_id).where(col(Feedback.id).in_(ids), col(Feedback.matter_id).is_not(None))
    is_alike = and_(col(Feedback.matter_id).in_(matters), col(Feedback.state) == FeedbackState.ACCEPTED)
    learned = or_(col(Feedback.id).in_(ids), is_alike)
    return session.exec(select(Feedback).where(learned).order_by(col(Feedback.given_at))).all()
