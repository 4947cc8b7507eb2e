"""Queries on the pairs of documents that were found for agents."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, delete, select

from tuning.domain.pairs import DocumentPair, PairVerdict
from tuning.store import rows


def get_for_update(session: Session, pair_id: str) -> DocumentPair:
    """Return the pair and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, DocumentPair, pair_id)


def of_agent(session: Session, agent_id: str) -> Sequence[DocumentPair]:
    """Return all pairs that were found for an agent, in order."""
    found = select(DocumentPair).where(DocumentPair.agent_id == agent_id)
    return session.exec(found.order_by(col(DocumentPair.position), col(DocumentPair.id))).all()


def accepted(session: Session, agent_id: str) -> Sequence[DocumentPair]:
    """Return those that the owner has accepted, in order."""
    return [it for it in of_agent(session, agent_id) if it.verdict is PairVerdict.ACCEPTED]


def undecided(session: Session, agent_id: str, ids: Collection[str]) -> Sequence[DocumentPair]:
    """Return those of these that the owner has said nothing of, kept from other changes until the transaction ends."""
    chosen = select(DocumentPair).where(DocumentPair.agent_id == agent_id, col(DocumentPair.id).in_(ids))
    found = chosen.where(col(DocumentPair.verdict).is_(None)).order_by(col(DocumentPair.position))
    return session.exec(found.with_for_update()).all()


def replace(session: Session, agent_id: str, fresh: Sequence[DocumentPair]) -> None:
    """Put what was found now in the place of what the owner has said nothing of."""
    session.exec(
        delete(DocumentPair).where(col(DocumentPair.agent_id) == agent_id, col(DocumentPair.verdict).is_(None))
    )
    session.add_all(fresh)
