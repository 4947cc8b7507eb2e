"""Queries on releases and the decisions on them."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from tuning.domain.releases import Approval, CanaryRating, Release, ReleaseState
from tuning.store import rows


def get(session: Session, release_id: str) -> Release:
    """Return the release; raise `NotFound` if there is none."""
    return rows.get(session, Release, release_id)


def get_for_update(session: Session, release_id: str) -> Release:
    """Return the release and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Release, release_id)


def of_run(session: Session, run_id: str) -> Release | None:
    """Return what came out of a run."""
    return session.exec(select(Release).where(Release.run_id == run_id)).first()


def of_agent(session: Session, agent_id: str) -> Sequence[Release]:
    """Return the agent's releases, newest first."""
    return session.exec(select(Release).where(Release.agent_id == agent_id).order_by(col(Release.number).desc())).all()


def in_state(session: Session, state: ReleaseState) -> Sequence[Release]:
    """Return all releases in a state, the one that was submitted (or made) first at the front."""
    return session.exec(
        select(Release).where(Release.state == state).order_by(col(Release.submitted_at), col(Release.created_at))
    ).all()


def next_number(session: Session, agent_id: str) -> int:
    """Return the number of the agent's next release."""
    last = session.exec(select(func.max(Release.number)).where(Release.agent_id == agent_id)).one()
    return (last or 0) + 1


def last_decision(session: Session, agent_id: str) -> tuple[Approval, Release] | None:
    """Return what was decided last on any release of an agent, and on which."""
    query = select(Approval, Release).join(Release, col(Release.id) == col(Approval.release_id))
    newest = query.where(Release.agent_id == agent_id).order_by(col(Approval.decided_at).desc()).limit(1)
    return session.exec(newest).first()


def decisions(session: Session, release_id: str) -> Sequence[Approval]:
    """Return what admins decided on a release, oldest first."""
    return session.exec(
        select(Approval).where(Approval.release_id == release_id).order_by(col(Approval.decided_at))
    ).all()


def rate(session: Session, rating: CanaryRating) -> bool:
    """Keep what a person thought first while a release was a canary; return False if they had said so before."""
    if session.get(CanaryRating, (rating.release_id, rating.person_id)) is not None:
        return False
    session.add(rating)
    session.flush()
    return True


def ratings(session: Session, release_id: str) -> Sequence[CanaryRating]:
    """Return what people thought while a release was a canary, one rating each, in their order."""
    return session.exec(
        select(CanaryRating)
        .where(CanaryRating.release_id == release_id)
        .order_by(col(CanaryRating.rated_at), col(CanaryRating.person_id))
    ).all()


def forget_ratings(session: Session, release_id: str) -> None:
    """Delete the ratings of a canary that has ended."""
    session.exec(delete(CanaryRating).where(col(CanaryRating.release_id) == release_id))
