"""Queries on datasets and their examples."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, delete, select

from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.documents import Document
from tuning.store import rows


def get(session: Session, dataset_id: str) -> Dataset:
    """Return the dataset; raise `NotFound` if there is none."""
    return rows.get(session, Dataset, dataset_id)


def last_frozen(session: Session, agent_id: str) -> Dataset | None:
    """Return the agent's newest dataset that is complete."""
    query = select(Dataset).where(Dataset.agent_id == agent_id, Dataset.sha256 != "")
    return session.exec(query.order_by(col(Dataset.created_at).desc()).limit(1)).first()


def examples(
    session: Session, dataset_id: str, *, split: Split | None = None, origin: Origin | None = None
) -> Sequence[Example]:
    """Return a dataset's examples in their order, of one split or origin if one is named."""
    query = select(Example).where(Example.dataset_id == dataset_id)
    if split is not None:
        query = query.where(Example.split == split)
    if origin is not None:
        query = query.where(Example.origin == origin)
    return session.exec(query.order_by(col(Example.id))).all()


def learned_documents(session: Session, dataset_id: str) -> set[str]:
    """Return the documents that a dataset still has examples about to learn from."""
    about = select(Example.document_id).where(Example.dataset_id == dataset_id)
    found = session.exec(about.where(col(Example.split).in_((Split.TRAIN, Split.VALIDATION, Split.SEARCH))).distinct())
    return {document_id for document_id in found if document_id}


def questions_learned(session: Session, dataset_id: str) -> Sequence[str]:
    """Return the questions that a dataset trains on."""
    asked = select(Example.question).where(Example.dataset_id == dataset_id, Example.split == Split.TRAIN)
    return session.exec(asked.where(Example.question != "").distinct()).all()


def targets_learned(session: Session, dataset_id: str) -> set[str]:
    """Return the documents that a dataset's pairs teach to write."""
    made = select(Example.detail).where(Example.dataset_id == dataset_id, Example.split == Split.TRAIN)
    return {detail["document_ids"][1] for detail in session.exec(made.where(Example.origin == Origin.PAIR))}


def example(session: Session, example_id: int) -> Example | None:
    """Return an example, if there is (still) such a one."""
    return session.get(Example, example_id)


def questions_about(session: Session, dataset_id: str, document_ids: Sequence[str]) -> Sequence[Example]:
    """Return the examples of questions that documents answer, as they stand in the documents' order."""
    query = select(Example).where(
        Example.dataset_id == dataset_id,
        Example.split == Split.TRAIN,
        col(Example.origin).in_((Origin.LIST, Origin.TABLE, Origin.WRITTEN)),
        col(Example.document_id).in_(document_ids),
    )
    return session.exec(query.order_by(col(Example.id))).all()


def has_asked(session: Session, dataset_id: str) -> bool:
    """Return whether a dataset has questions for search."""
    asked_there = select(Example.id).where(Example.dataset_id == dataset_id, Example.split == Split.SEARCH)
    return session.exec(asked_there.limit(1)).first() is not None


def asked(session: Session, dataset_id: str) -> Sequence[tuple[str, int, str, Mapping[str, Any]]]:
    """Return a dataset's questions for search: the question, its passage's and document's ids, and its detail."""
    query = select(Example.question, Example.passage_id, Example.document_id, Example.detail)
    found = session.exec(query.where(Example.dataset_id == dataset_id, Example.split == Split.SEARCH))
    return [(text, passage_id or 0, document_id or "", detail) for text, passage_id, document_id, detail in found]


def system_prompt(session: Session, dataset_id: str) -> str | None:
    """Return how a dataset's prompts begin; None if it has none."""
    with_prompt = select(Example.messages).where(Example.dataset_id == dataset_id, Example.origin != Origin.TEXT)
    with_prompt = with_prompt.where(Example.split != Split.SEARCH)
    messages = session.exec(with_prompt.order_by(col(Example.id)).limit(1)).first()
    return messages[0]["content"] if messages else None


def owners_questions(session: Session, dataset_id: str) -> Sequence[tuple[str, str]]:
    """Return the questions of its owner that a dataset is measured with, with their answers."""
    asked = select(Example.question, Example.completion).where(Example.dataset_id == dataset_id)
    return session.exec(asked.where(Example.split == Split.HOLDOUT, Example.origin == Origin.OWNER)).all()


def documents_of(session: Session, agent_id: str) -> Sequence[Document]:
    """Return every document that any dataset of an agent was made of, as far as it is known still."""
    made = session.exec(select(Dataset.document_hashes).where(Dataset.agent_id == agent_id)).all()
    ids = {document_id for hashes in made for document_id in hashes}
    return session.exec(select(Document).where(col(Document.id).in_(ids)).order_by(col(Document.title))).all()


def add(session: Session, dataset: Dataset, made: Sequence[Example]) -> None:
    """Keep a dataset with all its examples, in order."""
    session.add(dataset)
    for position in range(0, len(made), 500):
        session.add_all(made[position : position + 500])
        session.flush()


def remove(session: Session, dataset_id: str) -> None:
    """Forget a dataset and its examples."""
    session.exec(delete(Example).where(col(Example.dataset_id) == dataset_id))
    session.exec(delete(Dataset).where(col(Dataset.id) == dataset_id))
