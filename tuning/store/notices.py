"""The outbox: messages to people, kept until they have arrived."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, update
from sqlmodel import Session, col, select

from tuning.domain.fields import now
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.store import quiet, rows

_FIRST_RETRY = timedelta(seconds=5)
_LAST_RETRY = timedelta(minutes=10)
_OPEN = (NoticeState.PENDING, NoticeState.STALE)
_AT_ONCE = {NoticeKind.RUN_STARTED}
"""Comes of what the person has just pressed."""


def notify(session: Session, kind: NoticeKind, person_ids: Iterable[str], subject_id: str) -> None:
    """Keep a message for each of the people; it is sent if the transaction commits, after their quiet hours."""
    people = sorted(set(person_ids))
    at, chosen = now(), quiet.of(session, people) if kind not in _AT_ONCE else {}
    for person_id in people:
        until = chosen[person_id].held_until(at) if person_id in chosen else None
        notice = Notice(kind=kind, person_id=person_id, subject_id=subject_id, next_try_at=until or at)
        notice.is_held = until is not None
        session.add(notice)


def are_due(session: Session, at: datetime) -> bool:
    """Return whether there is anything to send, or to bring up to date, now."""
    pending = select(Notice.id).where(col(Notice.state).in_(_OPEN), Notice.next_try_at <= at).limit(1)
    return session.exec(pending).first() is not None


def hurry(session: Session, person_id: str, at: datetime) -> None:
    """Make what could not reach a person due, because there is a way to now."""
    session.exec(
        update(Notice)
        .where(col(Notice.person_id) == person_id, col(Notice.state) == NoticeState.PENDING)
        .where(col(Notice.attempts) > 0)
        .values(next_try_at=at, attempts=0)
    )


def due(session: Session, at: datetime, limit: int = 20) -> list[Notice]:
    """Hand out what to send or to bring up to date, oldest first; each comes again, ever more rarely, until it is.

    Needs a transaction: two senders never get the same message at the same time.
    """
    notices = session.exec(
        select(Notice)
        .where(col(Notice.state).in_(_OPEN), Notice.next_try_at <= at)
        .order_by(col(Notice.created_at), col(Notice.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in notices:
        notice.next_try_at = at + min(_FIRST_RETRY * 2 ** min(notice.attempts, 10), _LAST_RETRY)
        notice.attempts += 1
        session.add(notice)
    return list(notices)


def count_pending(session: Session) -> int:
    """Return how many messages wait to be sent."""
    return session.exec(select(func.count()).select_from(Notice).where(Notice.state == NoticeState.PENDING)).one()


def get(session: Session, notice_id: str) -> Notice:
    """Return the notice; raise `NotFound` if there is none."""
    return rows.get(session, Notice, notice_id)


def get_for_update(session: Session, notice_id: str) -> Notice:
    """Return the notice and keep it from other changes; raise `NotFound` if there is none."""
    return rows.get_for_update(session, Notice, notice_id)


def together(session: Session, notice: Notice) -> Sequence[Notice]:
    """Return what arrived together with a notice, and itself, oldest first."""
    if not notice.digest_id:
        return [notice]
    same = select(Notice).where(Notice.digest_id == notice.digest_id, Notice.person_id == notice.person_id)
    return session.exec(same.order_by(col(Notice.created_at), col(Notice.id))).all()


def sent(session: Session, notice: Notice, activity_id: str) -> None:
    """Note that the message has arrived, and as which message of the chat; what was settled meanwhile is stale."""
    stored = rows.get_for_update(session, Notice, notice.id)
    if stored.state == NoticeState.SETTLED:
        stored.state = NoticeState.STALE if activity_id else NoticeState.SETTLED
    else:
        stored.state = NoticeState.SENT
    stored.activity_id, stored.digest_id = activity_id, notice.digest_id
    session.add(stored)


def told(session: Session, kind: NoticeKind, subject_id: str) -> set[str]:
    """Return who has such a message on a subject that still needs them."""
    is_open = col(Notice.state).in_((NoticeState.PENDING, NoticeState.SENT))
    query = select(Notice.person_id).where(Notice.kind == kind, Notice.subject_id == subject_id, is_open)
    return set(session.exec(query))


def withdrawn(session: Session, notice_id: str) -> None:
    """Note that the card in the chat says that it is settled."""
    notice = rows.get_for_update(session, Notice, notice_id)
    notice.state = NoticeState.SETTLED
    session.add(notice)


def settle(session: Session, kind: NoticeKind, subject_id: str) -> None:
    """Drop what has not been sent, and withdraw what has: it needs nobody any more."""
    of_subject = col(Notice.kind) == kind, col(Notice.subject_id) == subject_id
    shown = and_(col(Notice.state) == NoticeState.SENT, col(Notice.activity_id) != "")
    stale = {"state": NoticeState.STALE, "next_try_at": now(), "attempts": 0}
    session.exec(update(Notice).where(*of_subject, shown).values(**stale))
    pending = col(Notice.state) == NoticeState.PENDING
    session.exec(update(Notice).where(*of_subject, pending).values(state=NoticeState.SETTLED))
