"""The outbox: messages to people, kept until they have arrived."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.store import rows

_FIRST_RETRY = timedelta(seconds=5)
_LAST_RETRY = timedelta(minutes=10)


def notify(session: Session, kind: NoticeKind, person_ids: Iterable[str], subject_id: str) -> None:
    """Keep a message for each of the people; it is sent if the transaction commits."""
    session.add_all(
        Notice(kind=kind, person_id=person_id, subject_id=subject_id) for person_id in sorted(set(person_ids))
    )


def are_due(session: Session, at: datetime) -> bool:
    """Return whether there is anything to send now."""
    pending = select(Notice.id).where(Notice.state == NoticeState.PENDING, Notice.next_try_at <= at).limit(1)
    return session.exec(pending).first() is not None


def hurry(session: Session, person_id: str, at: datetime) -> None:
    """Make what waits for a person due, because there is a way to reach them now."""
    session.exec(
        update(Notice)
        .where(col(Notice.person_id) == person_id, col(Notice.state) == NoticeState.PENDING)
        .values(next_try_at=at, attempts=0)
    )


def due(session: Session, at: datetime, limit: int = 20) -> list[Notice]:
    """Hand out the messages to send now, oldest first; each comes again later, ever more rarely, until it is sent.

    Needs a transaction: two senders never get the same message at the same time.
    """
    notices = session.exec(
        select(Notice)
        .where(Notice.state == NoticeState.PENDING, Notice.next_try_at <= at)
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


def sent(session: Session, notice_id: str, activity_id: str) -> None:
    """Note that the message has arrived, and as which message of the chat."""
    notice = rows.get_for_update(session, Notice, notice_id)
    notice.state, notice.activity_id = NoticeState.SENT, activity_id
    session.add(notice)


def settle(session: Session, kind: NoticeKind, subject_id: str) -> None:
    """Drop what has not been sent, because it needs nobody any more."""
    session.exec(
        update(Notice)
        .where(col(Notice.kind) == kind, col(Notice.subject_id) == subject_id)
        .where(col(Notice.state) == NoticeState.PENDING)
        .values(state=NoticeState.SETTLED)
    )
