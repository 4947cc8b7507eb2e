"""Everything that the store holds of one person: found, and deleted."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, String, cast, delete, or_, text, update
from sqlmodel import Session, SQLModel, col, select

from tuning.domain.agents import Agent
from tuning.domain.conversations import Answer, Chat, Conversation
from tuning.domain.datasets import Dataset, Example
from tuning.domain.deliveries import Delivery
from tuning.domain.documents import Document, DocumentPassage, DocumentReader, Source, SourceKind
from tuning.domain.drafts import Draft
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Feedback
from tuning.domain.grants import Grant
from tuning.domain.notices import Notice
from tuning.domain.releases import CanaryRating, Release
from tuning.domain.runs import Run
from tuning.domain.usage import PersonUse


def runs_touched(session: Session, person_id: str) -> Sequence[Run]:
    """Return the runs that may have learned from what a person said or sent, and all that built on them."""
    corrections = select(Feedback.id).where(_said(person_id))
    said = set(session.exec(select(Example.dataset_id).where(col(Example.feedback_id).in_(corrections))))
    sent = set(_uploads(session, person_id))
    readers = [agent.id for agent in session.exec(select(Agent)) if sent & set(agent.source_ids)]
    of_readers = select(Dataset.id).where(col(Dataset.agent_id).in_(readers))
    first = or_(col(Run.dataset_id).in_(said), col(Run.dataset_id).in_(of_readers))
    found = {run.id: run for run in session.exec(select(Run).where(first))}
    fresh: Collection[str] = found.keys()
    while fresh:
        parents = select(Release.id).where(col(Release.run_id).in_(fresh))
        later = session.exec(select(Run).where(col(Run.parent_release_id).in_(parents))).all()
        fresh = {run.id for run in later} - found.keys()
        found |= {run.id: run for run in later}
    return sorted(found.values(), key=lambda run: run.created_at)


def forget(session: Session, person_id: str, runs: Sequence[Run]) -> dict[str, int]:
    """Delete what a person said and sent, and what these runs learned from; return how many rows of which kind."""
    sent = select(Document.id).where(col(Document.source_id).in_(_uploads(session, person_id)))
    document_ids = session.exec(sent).all()
    dataset_ids = [run.dataset_id for run in runs if run.dataset_id]
    for dataset in session.exec(select(Dataset).where(col(Dataset.id).in_(dataset_ids))):
        dataset.exclusions = [one for one in dataset.exclusions if one["document_id"] not in document_ids]
        session.add(dataset)
    session.exec(update(Evaluation).where(col(Evaluation.run_id).in_([run.id for run in runs])).values(samples=[]))
    _forget_source(session, person_id)
    session.flush()
    answer_ids = session.exec(select(Answer.id).where(_cites(person_id, document_ids))).all()
    given = or_(_said(person_id), col(Feedback.answer_id).in_(answer_ids))
    done = {
        "drafts": _delete(session, Draft, or_(col(Draft.person_id) == person_id, col(Draft.answer_id).in_(answer_ids))),
        "answers": _delete(session, Answer, col(Answer.id).in_(answer_ids)),
        "conversations": _delete(session, Conversation, col(Conversation.person_id) == person_id),
        "examples": _delete(session, Example, col(Example.dataset_id).in_(dataset_ids)),
        "feedback": _delete(session, Feedback, given),
        "chats": _delete(session, Chat, col(Chat.person_id) == person_id),
        "grants": _delete(session, Grant, col(Grant.person_id) == person_id),
        "ratings": _delete(session, CanaryRating, col(CanaryRating.person_id) == person_id),
        "uses": _delete(session, PersonUse, col(PersonUse.person_id) == person_id),
        "notices": _delete(session, Notice, col(Notice.person_id) == person_id),
        "deliveries": _delete(session, Delivery, cast(col(Delivery.activity), String).contains(person_id)),
        "passages": _delete(session, DocumentPassage, col(DocumentPassage.document_id).in_(document_ids)),
        "readers": _delete(session, DocumentReader, col(DocumentReader.document_id).in_(document_ids)),
        "documents": _delete(session, Document, col(Document.id).in_(document_ids)),
    }
    if session.get_bind().dialect.name == "sqlite":
        # The full-text index drops the words of deleted passages only when it merges its parts.
        session.connection().execute(text("INSERT INTO passage_search(passage_search) VALUES ('optimize')"))
    return done


def _forget_source(session: Session, person_id: str) -> None:
    sent = set(_uploads(session, person_id))
    for agent in session.exec(select(Agent)):
        if sent & set(agent.source_ids):
            agent.source_ids = [source_id for source_id in agent.source_ids if source_id not in sent]
            session.add(agent)
    session.exec(delete(Source).where(col(Source.id).in_(sent)))


def _uploads(session: Session, person_id: str) -> Sequence[str]:
    return session.exec(select(Source.id).where(Source.kind == SourceKind.UPLOAD, Source.location == person_id)).all()


def _said(person_id: str) -> ColumnElement[bool]:
    """Return what holds of a person's feedback, and of what was accepted together with it: in words that may be theirs.

    A run that learned either learned both.
    """
    matters = select(Feedback.matter_id).where(Feedback.person_id == person_id, col(Feedback.matter_id).is_not(None))
    return or_(col(Feedback.person_id) == person_id, col(Feedback.matter_id).in_(matters))


def _cites(person_id: str, document_ids: Sequence[str]) -> ColumnElement[bool]:
    """Return what holds of a person's own answers, and of anybody's that cite one of the documents."""
    cited = [cast(col(Answer.citations), String).contains(document_id) for document_id in document_ids]
    return or_(col(Answer.person_id) == person_id, *cited)


def _delete(session: Session, kind: type[SQLModel], where: ColumnElement[bool]) -> int:
    return session.exec(delete(kind).where(where)).rowcount
