"""Everything that the store holds of one person, document or agent: found, and deleted."""

import hashlib
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, String, and_, cast, delete, false, or_, text, update
from sqlmodel import Session, SQLModel, col, select

from tuning.domain.agents import Agent
from tuning.domain.comparisons import Comparison
from tuning.domain.conversations import Answer, Chat, Conversation
from tuning.domain.datasets import Dataset, Example, HoldoutQuestion
from tuning.domain.deliveries import Delivery
from tuning.domain.documents import (
    Document,
    DocumentPassage,
    DocumentReader,
    ErasedDocument,
    Source,
    SourceKind,
)
from tuning.domain.drafts import Draft
from tuning.domain.drift import Drift
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Feedback
from tuning.domain.grants import Grant
from tuning.domain.jobs import Job
from tuning.domain.notices import Notice
from tuning.domain.pairs import DocumentPair
from tuning.domain.quiet import QuietHours
from tuning.domain.releases import Approval, CanaryRating, Release
from tuning.domain.rooms import Room
from tuning.domain.runs import Run, RunState, Stage
from tuning.domain.samples import Sample
from tuning.domain.usage import DailyUse, PersonUse


def holds_person(session: Session, person_id: str) -> bool:
    """Return whether there is anything that a person said or sent, or how to reach them."""
    theirs = (col(Chat.person_id), col(Conversation.person_id), col(Answer.person_id), col(Feedback.person_id))
    found = [select(column).where(column == person_id).limit(1) for column in theirs]
    return any(session.exec(one).first() for one in found) or bool(_uploads(session, person_id))


def runs_of_person(session: Session, person_id: str) -> Sequence[Run]:
    """Return the runs that may have learned from what a person said or sent, and all that built on them."""
    corrections = select(Feedback.id).where(_said(person_id))
    said = set(session.exec(select(Example.dataset_id).where(col(Example.feedback_id).in_(corrections))))
    labelled = select(Sample.id).where(Sample.labelled_by == person_id)
    said |= set(session.exec(select(Example.dataset_id).where(col(Example.sample_id).in_(labelled))))
    sent = set(_uploads(session, person_id))
    readers = [agent.id for agent in session.exec(select(Agent)) if sent & set(agent.source_ids)]
    of_readers = select(Dataset.id).where(col(Dataset.agent_id).in_(readers))
    return _with_later(session, or_(col(Run.dataset_id).in_(said), col(Run.dataset_id).in_(of_readers)))


def runs_of_documents(session: Session, document_ids: Sequence[str]) -> Sequence[Run]:
    """Return the runs that learned from documents, were measured with them, or learned from feedback that cites them.

    With them come the runs that continued what came out of them.
    """
    given = select(Feedback.id).where(col(Feedback.answer_id).in_(select(Answer.id).where(_cites(document_ids))))
    said = set(session.exec(select(Example.dataset_id).where(col(Example.feedback_id).in_(given))))
    quoted = or_(
        col(Example.document_id).in_(document_ids),
        *(cast(col(Example.detail), String).contains(document_id) for document_id in document_ids),
    )
    said |= set(session.exec(select(Example.dataset_id).where(quoted).distinct()))
    read = or_(false(), *(cast(col(Dataset.document_hashes), String).contains(it) for it in document_ids))
    learned = select(Dataset.id).where(read)
    return _with_later(session, or_(col(Run.dataset_id).in_(said), col(Run.dataset_id).in_(learned)))


def reading_for_person(session: Session, person_id: str) -> Run | None:
    """Return a run that is making its dataset just now, of an agent that may learn what a person said or sent."""
    said = select(Feedback.agent_id).where(_said(person_id))
    labelled = select(Sample.agent_id).where(Sample.labelled_by == person_id)
    sent = set(_uploads(session, person_id))
    readers = {agent.id for agent in session.exec(select(Agent)) if sent & set(agent.source_ids)}
    return _reading(session, {*session.exec(said), *session.exec(labelled), *readers})


def reading_documents(session: Session, found: Sequence[Document]) -> Run | None:
    """Return a run that is making its dataset just now, of an agent that has one of the documents."""
    holding = {document.source_id for document in found}
    return _reading(session, {agent.id for agent in session.exec(select(Agent)) if holding & set(agent.source_ids)})


def _reading(session: Session, agent_ids: Collection[str]) -> Run | None:
    is_making = col(Run.stage).in_((Stage.SYNC, Stage.DATASET))
    reading = (Run.state == RunState.RUNNING, is_making, col(Run.agent_id).in_(agent_ids))
    return session.exec(select(Run).where(*reading)).first()


def _with_later(session: Session, first: ColumnElement[bool]) -> Sequence[Run]:
    """Return runs and those that continued what came out of them, oldest first."""
    found = {run.id: run for run in session.exec(select(Run).where(first))}
    fresh: Collection[str] = found.keys()
    while fresh:
        parents = select(Release.id).where(col(Release.run_id).in_(fresh))
        later = session.exec(select(Run).where(col(Run.parent_release_id).in_(parents))).all()
        fresh = {run.id for run in later} - found.keys()
        found |= {run.id: run for run in later}
    return sorted(found.values(), key=lambda run: run.created_at)


def forget_person(session: Session, person_id: str, runs: Sequence[Run]) -> dict[str, int]:
    """Delete what a person said and sent, and what these runs learned from; return how many rows of which kind."""
    sent = select(Document.id).where(col(Document.source_id).in_(_uploads(session, person_id)))
    document_ids = session.exec(sent).all()
    done = _unlearn(session, document_ids, runs)
    _forget_source(session, person_id)
    session.flush()
    told = or_(col(Answer.person_id) == person_id, _cites(document_ids), _recited(session, runs))
    theirs = or_(col(Draft.person_id) == person_id, _is_evidence())
    done |= _forget_answers(session, told, drafts=theirs, feedback=_said(person_id))
    done |= {
        "labels": _delete(session, Sample, col(Sample.labelled_by) == person_id),
        "decided pairs": _delete(session, DocumentPair, col(DocumentPair.decided_by) == person_id),
        "conversations": _delete(session, Conversation, col(Conversation.person_id) == person_id),
        "chats": _delete(session, Chat, col(Chat.person_id) == person_id),
        "grants": _delete(session, Grant, col(Grant.person_id) == person_id),
        "ratings": _delete(session, CanaryRating, col(CanaryRating.person_id) == person_id),
        "uses": _delete(session, PersonUse, col(PersonUse.person_id) == person_id),
        "notices": _delete(session, Notice, col(Notice.person_id) == person_id),
        "quiet hours": _delete(session, QuietHours, col(QuietHours.person_id) == person_id),
        "deliveries": _delete(session, Delivery, cast(col(Delivery.activity), String).contains(person_id)),
    }
    return _some(done | _delete_documents(session, document_ids))


def forget_documents(session: Session, found: Sequence[Document], runs: Sequence[Run]) -> dict[str, int]:
    """Delete documents, what cites or recites them, and what these runs learned from; note not to read them again.

    Return how many rows of which kind are gone.
    """
    ids = [document.id for document in found]
    session.add_all(
        ErasedDocument(source_id=it.source_id, path_sha256=digest(it.path), content_sha256=it.sha256) for it in found
    )
    done = _unlearn(session, ids, runs)
    told = or_(_cites(ids), _recited(session, runs))
    done |= _forget_answers(session, told, drafts=_is_evidence(), feedback=false())
    return _some(done | _delete_documents(session, ids))


def forget_agent(session: Session, agent: Agent) -> dict[str, int]:
    """Delete an agent with all that belongs to it; return how many rows of which kind are gone."""
    dataset_ids = session.exec(select(Dataset.id).where(Dataset.agent_id == agent.id)).all()
    run_ids = session.exec(select(Run.id).where(Run.agent_id == agent.id)).all()
    release_ids = session.exec(select(Release.id).where(Release.agent_id == agent.id)).all()
    given = session.exec(select(Feedback.id).where(Feedback.agent_id == agent.id)).all()
    session.exec(update(Room).where(col(Room.agent_id) == agent.id).values(agent_id=None))
    done = _forget_answers(
        session,
        col(Answer.agent_id) == agent.id,
        drafts=col(Draft.release_id).in_(release_ids),
        feedback=col(Feedback.id).in_(given),
    )
    done |= {
        "conversations": _delete(session, Conversation, col(Conversation.agent_id) == agent.id),
        "examples": _delete(session, Example, col(Example.dataset_id).in_(dataset_ids)),
        "samples": _delete(session, Sample, col(Sample.agent_id) == agent.id),
        "pairs": _delete(session, DocumentPair, col(DocumentPair.agent_id) == agent.id),
        "datasets": _delete(session, Dataset, col(Dataset.id).in_(dataset_ids)),
        "questions": _delete(session, HoldoutQuestion, col(HoldoutQuestion.agent_id) == agent.id),
        "evaluations": _delete(session, Evaluation, col(Evaluation.run_id).in_(run_ids)),
        "ratings": _delete(session, CanaryRating, col(CanaryRating.release_id).in_(release_ids)),
        "comparisons": _delete(session, Comparison, col(Comparison.release_id).in_(release_ids)),
        "decisions": _delete(session, Approval, col(Approval.release_id).in_(release_ids)),
        "drifts": _delete(session, Drift, col(Drift.release_id).in_(release_ids)),
        "releases": _delete(session, Release, col(Release.id).in_(release_ids)),
        "jobs": _delete(session, Job, col(Job.subject_id).in_(run_ids)),
        "runs": _delete(session, Run, col(Run.id).in_(run_ids)),
        "notices": _delete(session, Notice, col(Notice.subject_id).in_([agent.id, *run_ids, *release_ids, *given])),
        "uses": _delete(session, PersonUse, col(PersonUse.agent_id) == agent.id),
        "days": _delete(session, DailyUse, col(DailyUse.agent_id) == agent.id),
        "agents": _delete(session, Agent, col(Agent.id) == agent.id),
    }
    session.expunge(agent)
    return _some(done)


def _some(done: dict[str, int]) -> dict[str, int]:
    return {kind: number for kind, number in done.items() if number}


def digest(path: str) -> str:
    """Return what stands for an erased document's path, which may itself tell something."""
    return hashlib.sha256(path.encode()).hexdigest()


def erased(session: Session, source_id: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the digests of the paths that were erased in a source, and of the contents that were erased anywhere."""
    rows = session.exec(select(ErasedDocument)).all()
    paths = frozenset(it.path_sha256 for it in rows if it.source_id == source_id)
    return paths, frozenset(it.content_sha256 for it in rows if it.content_sha256)


def _unlearn(session: Session, document_ids: Sequence[str], runs: Sequence[Run]) -> dict[str, int]:
    """Delete what runs learned from, with what evaluations quote of it."""
    listed = [cast(col(Dataset.exclusions), String).contains(document_id) for document_id in document_ids]
    for dataset in session.exec(select(Dataset).where(or_(false(), *listed))):
        dataset.exclusions = [one for one in dataset.exclusions if one["document_id"] not in document_ids]
        session.add(dataset)
    session.exec(update(Evaluation).where(col(Evaluation.run_id).in_([run.id for run in runs])).values(samples=[]))
    dataset_ids = [run.dataset_id for run in runs if run.dataset_id]
    release_ids = session.exec(select(Release.id).where(col(Release.run_id).in_([run.id for run in runs]))).all()
    unlabelled = and_(col(Sample.dataset_id).in_(dataset_ids), col(Sample.verdict).is_(None))
    return {
        "examples": _delete(session, Example, col(Example.dataset_id).in_(dataset_ids)),
        "unlabelled samples": _delete(session, Sample, unlabelled),
        "reports": _delete(session, Draft, col(Draft.release_id).in_(release_ids)),
    }


def _forget_answers(
    session: Session, told: ColumnElement[bool], *, drafts: ColumnElement[bool], feedback: ColumnElement[bool]
) -> dict[str, int]:
    """Delete answers with the drafts and the feedback on them, and further drafts and feedback."""
    answer_ids = session.exec(select(Answer.id).where(told)).all()
    return {
        "drafts": _delete(session, Draft, or_(drafts, col(Draft.answer_id).in_(answer_ids))),
        "answers": _delete(session, Answer, col(Answer.id).in_(answer_ids)),
        "feedback": _delete(session, Feedback, or_(feedback, col(Feedback.answer_id).in_(answer_ids))),
    }


def _delete_documents(session: Session, document_ids: Sequence[str]) -> dict[str, int]:
    done = {
        "passages": _delete(session, DocumentPassage, col(DocumentPassage.document_id).in_(document_ids)),
        "readers": _delete(session, DocumentReader, col(DocumentReader.document_id).in_(document_ids)),
        "samples": _delete(session, Sample, col(Sample.document_id).in_(document_ids)),
        "pairs": _delete(session, DocumentPair, _joins(document_ids)),
        "documents": _delete(session, Document, col(Document.id).in_(document_ids)),
    }
    if session.get_bind().dialect.name == "sqlite":
        # The full-text index drops the words of deleted passages only when it merges its parts.
        session.connection().execute(text("INSERT INTO passage_search(passage_search) VALUES ('optimize')"))
    return done


def _joins(document_ids: Sequence[str]) -> ColumnElement[bool]:
    """Return what holds of the pairs that one of the documents is in."""
    places = (DocumentPair.precedent_id, DocumentPair.target_id, DocumentPair.content_id)
    return or_(*(col(place).in_(document_ids) for place in places))


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


def _is_evidence() -> ColumnElement[bool]:
    """Return what holds of all files but answers: what is erased may be in them, and they can be written anew."""
    return col(Draft.answer_id).is_(None)


def _cites(document_ids: Sequence[str]) -> ColumnElement[bool]:
    """Return what holds of answers that cite one of the documents."""
    return or_(false(), *(cast(col(Answer.citations), String).contains(it) for it in document_ids))


def _recited(session: Session, runs: Sequence[Run]) -> ColumnElement[bool]:
    """Return what holds of answers without citations from releases of these runs: they may hold learned words."""
    release_ids = session.exec(select(Release.id).where(col(Release.run_id).in_([run.id for run in runs]))).all()
    return and_(col(Answer.release_id).in_(release_ids), cast(col(Answer.citations), String) == "[]")


def _delete(session: Session, kind: type[SQLModel], where: ColumnElement[bool]) -> int:
    return session.exec(delete(kind).where(where)).rowcount
