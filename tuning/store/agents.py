"""Queries on agents and their hold-out questions."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, delete, select

from tuning.domain.agents import Agent, Retraining
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.releases import Release
from tuning.store import rows

# What every turn asks for is made once: making such a query takes longer than answering it.
_OWNED_BY = select(Agent).where(Agent.owner_id == bindparam("person_id")).order_by(col(Agent.created_at))
_IS_OWNER = select(Agent.id).where(Agent.owner_id == bindparam("person_id")).limit(1)
_LIVE = (
    select(Agent, Release)
    .join(Release, col(Release.id).in_([col(Agent.live_release_id), col(Agent.canary_release_id)]))
    .order_by(func.lower(Agent.name), col(Agent.id))
)


def get(session: Session, agent_id: str) -> Agent:
    """Return the agent; raise `NotFound` if there is none."""
    return rows.get(session, Agent, agent_id)


def get_for_update(session: Session, agent_id: str) -> Agent:
    """Return the agent and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Agent, agent_id)


def owned_by(session: Session, person_id: str) -> Sequence[Agent]:
    """Return a person's agents, oldest first."""
    return session.exec(_OWNED_BY, params={"person_id": person_id}).all()


def is_owner(session: Session, person_id: str) -> bool:
    """Return whether a person owns an agent."""
    return session.connection().execute(_IS_OWNER, {"person_id": person_id}).first() is not None


def every(session: Session) -> Sequence[Agent]:
    """Return all agents, by name."""
    return session.exec(select(Agent).order_by(func.lower(Agent.name), col(Agent.id))).all()


def live(session: Session) -> list[tuple[Agent, list[Release]]]:
    """Return every agent that answers people, by name, with the releases that do: the live one, the canary, or both."""
    found: dict[str, tuple[Agent, list[Release]]] = {}
    for agent, release in session.exec(_LIVE):
        found.setdefault(agent.id, (agent, []))[1].append(release)
    return list(found.values())


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
