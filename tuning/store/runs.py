"""Queries on runs and their evaluations."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuning.domain.evaluations import Evaluation
from tuning.domain.runs import OPEN, Run, RunState
from tuning.store import rows


def get(session: Session, run_id: str) -> Run:
    """Return the run; raise `NotFound` if there is none."""
    return rows.get(session, Run, run_id)


def dataset_of(session: Session, run_id: str) -> str | None:
    """Return the id of a run's dataset; None if it has none, or there is no such run any more."""
    return session.exec(select(Run.dataset_id).where(Run.id == run_id)).first()


def found(session: Session, run_ids: Collection[str]) -> Sequence[Run]:
    """Return those of the runs that there are still."""
    return session.exec(select(Run).where(col(Run.id).in_(run_ids))).all()


def get_for_update(session: Session, run_id: str) -> Run:
    """Return the run and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Run, run_id)


def open_run(session: Session, agent_id: str) -> Run | None:
    """Return the agent's run that is not over."""
    unfinished = col(Run.state).in_(OPEN)
    return session.exec(select(Run).where(Run.agent_id == agent_id, unfinished)).first()


def unfinished(session: Session) -> Sequence[Run]:
    """Return all runs that are not over, oldest first."""
    return session.exec(select(Run).where(col(Run.state).in_(OPEN)).order_by(col(Run.created_at))).all()


def of_agent(session: Session, agent_id: str) -> Sequence[Run]:
    """Return the agent's runs, newest first."""
    return session.exec(select(Run).where(Run.agent_id == agent_id).order_by(col(Run.created_at).desc())).all()


def last(session: Session, agent_id: str) -> Run | None:
    """Return the agent's run that began last, however it ended."""
    newest = select(Run).where(Run.agent_id == agent_id).order_by(col(Run.created_at).desc()).limit(1)
    return session.exec(newest).first()


def last_ready(session: Session) -> Run | None:
    """Return the run of any agent that last came through, to estimate the next one by."""
    return session.exec(
        select(Run).where(Run.state == RunState.READY).order_by(col(Run.ended_at).desc()).limit(1)
    ).first()


def count_since(session: Session, moment: datetime) -> int:
    """Return how many runs have been started since then, in the whole organisation."""
    return session.exec(select(func.count()).select_from(Run).where(col(Run.created_at) >= moment)).one()


def evaluation(session: Session, run_id: str) -> Evaluation | None:
    """Return what the run scored, once it has been evaluated."""
    return session.exec(
        select(Evaluation).where(Evaluation.run_id == run_id).order_by(col(Evaluation.created_at).desc()).limit(1)
    ).first()
