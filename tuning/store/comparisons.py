"""Queries on blind comparisons."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tuning.domain.comparisons import Comparison
from tuning.store import rows


def get_for_update(session: Session, comparison_id: str) -> Comparison:
    """Return the comparison and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Comparison, comparison_id)


def of_release(session: Session, release_id: str) -> Sequence[Comparison]:
    """Return all comparisons of a release, in the order to rate them."""
    found = select(Comparison).where(Comparison.release_id == release_id)
    return session.exec(found.order_by(col(Comparison.position))).all()
