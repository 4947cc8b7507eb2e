"""The numbers of use: counted in the transaction of what they count, and added up over days."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, distinct, func, true
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from tuning.domain.conversations import Answer, Conversation
from tuning.domain.feedback import Feedback
from tuning.domain.usage import LATENCIES_S, DailyUse, PersonUse, PseudonymKey, Use, opinion
from tuning.store import rows

Agents = Collection[str] | None
"""Ids of agents; None: all."""

_NUMBERS = {name: 0 for name in DailyUse.model_fields if name not in {"day", "agent_id", "release_id"}}
_SUMMED = [one.name for one in fields(Use)]
_SUMS = [func.coalesce(func.sum(getattr(DailyUse, name)), 0).label(name) for name in _SUMMED]
"""The last columns of every query for a `Use`."""


@dataclass(frozen=True, kw_only=True)
class Declined:
    """A question that was not answered."""

    question: str
    person_id: str
    day: date


def asked(session: Session, answer: Answer) -> None:
    """Count a question that has just been noted."""
    if _is_trial(session, answer):
        return
    earlier = select(Answer.id).where(Answer.conversation_id == answer.conversation_id, Answer.id != answer.id)
    begins = session.exec(earlier.limit(1)).first() is None
    _count(session, answer, questions=1, conversations=int(begins))
    # From here on the day's row is held: nobody else counts the same person at the same moment.
    person = {"agent_id": answer.agent_id, "release_id": answer.release_id or "", "person_id": answer.person_id}
    day = answer.asked_at.date()
    known = session.get(PersonUse, tuple(person.values()), populate_existing=True)
    if known is None or known.last_day < day:
        _count(session, answer, people=1)
    put = rows.insert(session, PersonUse).values(**person, questions=1, first_day=day, last_day=day)
    again = {"questions": col(PersonUse.questions) + 1, "last_day": day}
    session.connection().execute(put.on_conflict_do_update(index_elements=list(person), set_=again))


def answered(session: Session, answer: Answer) -> None:
    """Count an answer that has just come to its end."""
    if _is_trial(session, answer):
        return
    took = answer.seconds or 0.0
    within = {f"within_{bound}_s": int(took <= bound) for bound in LATENCIES_S}
    _count(session, answer, answered=1, seconds=took, declined=int(answer.is_declined), **within)


def judged(session: Session, given: Feedback, before: dict[str, int]) -> None:
    """Count what has changed in somebody's word on an answer, which counted as that before."""
    answer = session.get(Answer, given.answer_id)
    changed = {name: number - before[name] for name, number in opinion(given).items() if number != before[name]}
    if answer is not None and changed and not _is_trial(session, answer):
        _count(session, answer, **changed)


def by_release(session: Session, agent_ids: Agents, since: date) -> dict[tuple[str, str], Use]:
    """Return the totals since a day by agent and release."""
    key = (col(DailyUse.agent_id), col(DailyUse.release_id))
    found = session.execute(select(*key, *_SUMS).where(*_chosen(DailyUse, agent_ids, since)).group_by(*key))
    return {(row.agent_id, row.release_id): _use(row) for row in found}


def by_agent(session: Session, agent_ids: Agents, since: date) -> dict[str, Use]:
    """Return the totals since a day by agent."""
    key = col(DailyUse.agent_id)
    found = session.execute(select(key, *_SUMS).where(*_chosen(DailyUse, agent_ids, since)).group_by(key))
    return {row.agent_id: _use(row) for row in found}


def total(session: Session, agent_ids: Agents, since: date) -> Use:
    """Return the totals since a day."""
    return _use(session.execute(select(*_SUMS).where(*_chosen(DailyUse, agent_ids, since))).one())


def by_day(session: Session, agent_ids: Agents, since: date) -> dict[date, Use]:
    """Return the totals of each day since that one, without days that had none."""
    key = col(DailyUse.day)
    found = session.execute(select(key, *_SUMS).where(*_chosen(DailyUse, agent_ids, since)).group_by(key))
    return {row.day: _use(row) for row in found}


def agents_by_day(session: Session, agent_ids: Collection[str], since: date) -> dict[tuple[str, date], Use]:
    """Return the totals of each agent on each day since that one, without days that had none."""
    return _by_day(session, col(DailyUse.agent_id), agent_ids, since)


def releases_by_day(session: Session, agent_id: str, since: date) -> dict[tuple[str, date], Use]:
    """Return the totals of each release of an agent on each day since that one, without days that had none."""
    return _by_day(session, col(DailyUse.release_id), [agent_id], since)


def days(session: Session, agent_ids: Agents, since: date) -> Sequence[DailyUse]:
    """Return the numbers of each day, agent and release since a day, oldest first."""
    key = (col(DailyUse.day), col(DailyUse.agent_id), col(DailyUse.release_id))
    return session.exec(select(DailyUse).where(*_chosen(DailyUse, agent_ids, since)).order_by(*key)).all()


def people_by_agent(session: Session, agent_ids: Agents, since: date) -> dict[str, int]:
    """Return how many people have asked each agent since a day."""
    query = select(PersonUse.agent_id, func.count(distinct(col(PersonUse.person_id)))).where(*_asked(agent_ids, since))
    return dict(session.exec(query.group_by(col(PersonUse.agent_id))).all())


def people_by_release(session: Session, agent_id: str, since: date) -> dict[str, int]:
    """Return how many people have asked each release of an agent since a day."""
    query = select(PersonUse.release_id, func.count()).where(*_asked([agent_id], since))
    return dict(session.exec(query.group_by(col(PersonUse.release_id))).all())


def askers(session: Session, agent_ids: Agents, since: date) -> Sequence[tuple[str, int, date]]:
    """Return who has asked since a day, with how much all told and when last, by how much."""
    asks, last = func.sum(PersonUse.questions), func.max(PersonUse.last_day)
    query = select(PersonUse.person_id, asks, last).where(*_asked(agent_ids, since))
    most = query.group_by(col(PersonUse.person_id)).order_by(asks.desc(), col(PersonUse.person_id))
    return session.exec(most).all()


def everybody(session: Session, agent_ids: Agents, since: date) -> Sequence[PersonUse]:
    """Return the numbers of each person who has asked since a day, by agent and release."""
    key = (col(PersonUse.agent_id), col(PersonUse.release_id), col(PersonUse.questions).desc())
    return session.exec(select(PersonUse).where(*_asked(agent_ids, since)).order_by(*key)).all()


def declined(session: Session, agent_ids: Agents, since: date, limit: int) -> list[Declined]:
    """Return the newest questions since a day that the documents did not answer."""
    # As an expression, so that SQLite goes through the declined answers, newest first, and not through all of an agent.
    chosen = func.coalesce(Answer.agent_id, "").in_(agent_ids) if agent_ids is not None else true()
    begin = datetime.combine(since, time(), UTC)
    query = select(Answer.question, Answer.person_id, Answer.asked_at)
    query = query.where(col(Answer.is_declined), Answer.asked_at >= begin, chosen)
    query = query.join(Conversation, col(Conversation.id) == col(Answer.conversation_id), isouter=True)
    query = query.where(col(Conversation.release_id).is_(None))
    found = session.exec(query.order_by(col(Answer.asked_at).desc()).limit(limit))
    return [Declined(question=question, person_id=person_id, day=at.date()) for question, person_id, at in found]


def pseudonym_key(session: Session) -> str:
    """Return the organisation's secret behind the pseudonyms."""
    return session.exec(select(PseudonymKey.key)).one()


def _is_trial(session: Session, answer: Answer) -> bool:
    conversation = session.get(Conversation, answer.conversation_id)
    return conversation is not None and conversation.release_id is not None


def _count(session: Session, answer: Answer, **numbers: float) -> None:
    key = {"day": answer.asked_at.date(), "agent_id": answer.agent_id, "release_id": answer.release_id or ""}
    put = rows.insert(session, DailyUse).values(**key, **{**_NUMBERS, **numbers})
    more = {name: getattr(DailyUse, name) + put.excluded[name] for name in numbers}
    session.connection().execute(put.on_conflict_do_update(index_elements=list(key), set_=more))


def _by_day(session: Session, key: Mapped[str], agent_ids: Agents, since: date) -> dict[tuple[str, date], Use]:
    query = select(key, col(DailyUse.day), *_SUMS).where(*_chosen(DailyUse, agent_ids, since))
    return {(row[0], row.day): _use(row) for row in session.execute(query.group_by(key, col(DailyUse.day)))}


def _use(row: Row[Any]) -> Use:
    # By their places, because a year of days is many rows.
    return Use(**dict(zip(_SUMMED, row[-len(_SUMMED) :], strict=True)))


def _chosen(kind: type[DailyUse], agent_ids: Agents, since: date) -> list[ColumnElement[bool]]:
    return [col(kind.day) >= since, *([col(kind.agent_id).in_(agent_ids)] if agent_ids is not None else [])]


def _asked(agent_ids: Agents, since: date) -> list[ColumnElement[bool]]:
    chosen = [col(PersonUse.agent_id).in_(agent_ids)] if agent_ids is not None else []
    return [col(PersonUse.last_day) >= since, *chosen]
