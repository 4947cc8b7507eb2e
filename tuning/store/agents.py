"""Queries on agents and their hold-out questions."""

from collections.abc import Sequence

from sqlalchemy import func, or_
from sqlmodel import Session, col, delete, select

from tuning.domain.agents import Agent, Retraining
from tuning.domain.datasets import HoldoutQuestion
from tuning.store import rows


def get(session: Session, agent_id: str) -> Agent:
    """Return the agent; raise `NotFound` if there is none."""
    return rows.get(session, Agent, agent_id)


def get_for_update(session: Session, agent_id: str) -> Agent:
    """Return the agent and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Agent, agent_id)


def owned_by(session: Session, person_id: str) -> Sequence[Agent]:
    """Return a person's agents, oldest first."""
    return session.exec(select(Agent).where(Agent.owner_id == person_id).order_by(col(Agent.created_at))).all()


def every(session: Session) -> Sequence[Agent]:
    """Return all agents, by name."""
    return session.exec(select(Agent).order_by(func.lower(Agent.name), col(Agent.id))).all()


def live(session: Session) -> Sequence[Agent]:
    """Return every agent that answers people, by name."""
    return session.exec(
        select(Agent)
        .where(or_(col(Agent.live_release_id).is_not(None), col(Agent.canary_release_id).is_not(None)))
        .order_by(func.lower(Agent.name), col(Agent.id))
    ).all()


def retraining(session: Session) -> Sequence[Agent]:
    """Return every agent that its owner wants to be tuned again by itself."""
    return session.exec(select(Agent).where(Agent.retraining != Retraining.NEVER).order_by(col(Agent.id))).all()


def holdout(session: Session, agent_id: str) -> Sequence[HoldoutQuestion]:
    """Return the questions that the owner set aside for measuring, in their order."""
    return session.exec(
        select(HoldoutQuestion).where(HoldoutQuestion.agent_id == agent_id).order_by(col(HoldoutQuestion.position))
    ).all()


def replace_holdout(session: Session, agent_id: str, questions: Sequence[HoldoutQuestion]) -> None:
    """Set the hold-out questions of an agent."""
    session.exec(delete(HoldoutQuestion).where(col(HoldoutQuestion.agent_id) == agent_id))
    session.add_all(questions)
