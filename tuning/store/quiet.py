"""Queries on people's quiet hours."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session, col, select

from tuning.domain.quiet import QuietHours


def get(session: Session, person_id: str) -> QuietHours:
    """Return what a person chose; without a choice, nothing is quiet."""
    return session.get(QuietHours, person_id) or QuietHours(person_id=person_id)


def of(session: Session, person_ids: Iterable[str]) -> Mapping[str, QuietHours]:
    """Return what those of the people chose who did."""
    chosen = session.exec(select(QuietHours).where(col(QuietHours.person_id).in_(list(person_ids))))
    return {hours.person_id: hours for hours in chosen}


def put(session: Session, hours: QuietHours) -> None:
    """Keep what a person chose, instead of what they chose before."""
    session.merge(hours)
