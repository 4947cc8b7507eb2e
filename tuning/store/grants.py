"""Queries on requests for access and what came of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from tuning.domain.grants import Grant, GrantState
from tuning.store import rows


def get_for_update(session: Session, grant_id: str) -> Grant:
    """Return the grant and keep it from other changes; raise `NotFound` if there is none."""
    return rows.get_for_update(session, Grant, grant_id)


def get(session: Session, grant_id: str) -> Grant:
    """Return the grant; raise `NotFound` if there is none."""
    return rows.get(session, Grant, grant_id)


def open_of(session: Session, person_id: str) -> Grant | None:
    """Return a person's grant that is asked for, or was given and not ended; it may have run out."""
    return session.exec(select(Grant).where(Grant.person_id == person_id, _is_open())).first()


def every_open(session: Session) -> Sequence[Grant]:
    """Return all of these, oldest first."""
    return session.exec(select(Grant).where(_is_open()).order_by(col(Grant.asked_at))).all()


def holds(session: Session, person_id: str, at: datetime) -> bool:
    """Return whether a grant lets a person make and tune agents at that moment."""
    grant = open_of(session, person_id)
    return grant is not None and grant.holds(at)


def _is_open() -> ColumnElement[bool]:
    return col(Grant.state).in_([GrantState.ASKED, GrantState.GRANTED])
