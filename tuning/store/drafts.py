"""Queries on drafts that are offered as files."""

from sqlalchemy import delete
from sqlmodel import Session, col, select

from tuning.domain.drafts import Draft
from tuning.store import rows


def get_for_update(session: Session, draft_id: str) -> Draft:
    """Return the draft, and let nobody else change it meanwhile; raise `NotFound` if there is none."""
    return rows.get_for_update(session, Draft, draft_id)


def get(session: Session, draft_id: str) -> Draft:
    """Return the draft; raise `NotFound` if there is none."""
    return rows.get(session, Draft, draft_id)


def of_answer(session: Session, answer_id: str) -> Draft | None:
    """Return the draft that an answer is offered as."""
    return session.exec(select(Draft).where(Draft.answer_id == answer_id)).first()


def forget_evidence(session: Session, release_id: str, person_id: str) -> None:
    """Delete the evidence for a release that a person was offered before."""
    session.exec(delete(Draft).where(col(Draft.release_id) == release_id, col(Draft.person_id) == person_id))


def forget_exports(session: Session, person_id: str) -> None:
    """Delete the exports of the audit that a person was offered before."""
    is_export = (col(Draft.release_id).is_(None), col(Draft.answer_id).is_(None))
    session.exec(delete(Draft).where(*is_export, col(Draft.person_id) == person_id))


def forget(session: Session, answer_id: str) -> None:
    """Delete the draft that an answer is offered as, if there is one."""
    session.exec(delete(Draft).where(col(Draft.answer_id) == answer_id))
