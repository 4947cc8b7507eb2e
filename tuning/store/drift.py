"""What was found when releases were last compared with the documents that they learned from."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from tuning.domain.drift import Drift


def get(session: Session, release_id: str) -> Drift | None:
    """Return what was found of a release; None if it has not been compared."""
    return session.get(Drift, release_id)


def every(session: Session, release_ids: Collection[str]) -> dict[str, Drift]:
    """Return what was found of releases, by release."""
    query = select(Drift).where(col(Drift.release_id).in_(release_ids))
    return {found.release_id: found for found in session.exec(query)}


def without(session: Session, release_ids: Collection[str]) -> Sequence[Drift]:
    """Return what was found of all other releases."""
    return session.exec(select(Drift).where(col(Drift.release_id).not_in(release_ids))).all()


def save(session: Session, found: Drift) -> None:
    """Keep what was found in the place of what was found before."""
    session.merge(found)
    session.flush()
