"""Queries on the samples that owners look at."""

from collections.abc import Sequence

from sqlmodel import Session, col, delete, select

from tuning.domain.samples import Sample
from tuning.store import rows


def get_for_update(session: Session, sample_id: str) -> Sample:
    """Return the sample and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Sample, sample_id)


def current(session: Session, agent_id: str) -> Sequence[Sample]:
    """Return the samples of the agent's newest dataset that has any, in the order to look at them."""
    newest = select(Sample.dataset_id).where(Sample.agent_id == agent_id).order_by(col(Sample.created_at).desc())
    dataset_id = session.exec(newest.limit(1)).first()
    found = select(Sample).where(Sample.dataset_id == dataset_id, Sample.agent_id == agent_id)
    return session.exec(found.order_by(col(Sample.position))).all()


def labelled(session: Session, agent_id: str) -> Sequence[Sample]:
    """Return all that the agent's owners have said of samples, oldest first."""
    said = select(Sample).where(Sample.agent_id == agent_id, col(Sample.verdict).is_not(None))
    return session.exec(said.order_by(col(Sample.labelled_at), col(Sample.id))).all()


def replace(session: Session, agent_id: str, fresh: Sequence[Sample]) -> None:
    """Put a new dataset's samples in the place of those that nobody has said anything of."""
    session.exec(delete(Sample).where(col(Sample.agent_id) == agent_id, col(Sample.verdict).is_(None)))
    session.add_all(fresh)
