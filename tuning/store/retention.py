"""What is older than the policy keeps it: found and deleted, so many rows at a time."""

from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, delete, exists, or_, update
from sqlmodel import Session, SQLModel, col, select

from tuning.domain.conversations import Answer, Conversation
from tuning.domain.datasets import Dataset, Example
from tuning.domain.drafts import Draft
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Feedback
from tuning.domain.grants import Grant, GrantState
from tuning.domain.notices import Notice, NoticeState
from tuning.domain.releases import CanaryRating
from tuning.domain.runs import OPEN, Run
from tuning.domain.samples import Sample
from tuning.domain.usage import PersonUse

_SETTLED = (GrantState.DECLINED, GrantState.ENDED)


def forget(session: Session, before: datetime, limit: int) -> dict[str, int]:
    """Delete what was said, and learned from, before a moment; return how many rows of which kind, none for no rows.

    At most so many of each kind, so that nobody waits long for the database: to be repeated until nothing is found.
    Feedback and drafts go with the answer that they are on.
    """
    answers = select(Answer.id).where(Answer.asked_at < before).order_by(col(Answer.id)).limit(limit)
    answer_ids = session.exec(answers).all()
    silent = ~exists().where(col(Answer.conversation_id) == col(Conversation.id))
    old_datasets = select(Dataset.id).where(Dataset.created_at < before)
    done = {
        "feedback": _delete(
            session, Feedback, or_(col(Feedback.given_at) < before, col(Feedback.answer_id).in_(answer_ids)), limit
        ),
        "drafts": _delete(
            session, Draft, or_(col(Draft.offered_at) < before, col(Draft.answer_id).in_(answer_ids)), limit
        ),
        "answers": _delete(session, Answer, col(Answer.id).in_(answer_ids), limit),
        "conversations": _delete(session, Conversation, (col(Conversation.started_at) < before) & silent, limit),
        "examples": _delete(session, Example, col(Example.dataset_id).in_(old_datasets), limit),
        "samples": _forget_samples(session, before),
        "labels": _delete(session, Sample, col(Sample.created_at) < before, limit),
        "grants": _delete(session, Grant, (col(Grant.decided_at) < before) & col(Grant.state).in_(_SETTLED), limit),
        "ratings": session.exec(delete(CanaryRating).where(col(CanaryRating.rated_at) < before)).rowcount,
        "uses": session.exec(delete(PersonUse).where(col(PersonUse.last_day) < before.date())).rowcount,
        "notices": _delete(
            session, Notice, (col(Notice.created_at) < before) & (col(Notice.state) != NoticeState.PENDING), limit
        ),
    }
    return {kind: number for kind, number in done.items() if number}


def runs_over(session: Session, before: datetime) -> list[str]:
    """Return the ids of the runs that ended before a moment."""
    ended = col(Run.state).not_in(OPEN)
    return list(session.exec(select(Run.id).where(ended, col(Run.ended_at) < before)))


def _forget_samples(session: Session, before: datetime) -> int:
    old = update(Evaluation).where(col(Evaluation.created_at) < before, cast(col(Evaluation.samples), String) != "[]")
    return session.exec(old.values(samples=[])).rowcount


def _delete(session: Session, kind: type[SQLModel], where: ColumnElement[bool], limit: int) -> int:
    key = col(kind.__table__.c.id)  # type: ignore[attr-defined]
    ids = session.execute(select(key).where(where).order_by(key).limit(limit)).scalars().all()
    session.execute(delete(kind).where(key.in_(ids)))
    return len(ids)
