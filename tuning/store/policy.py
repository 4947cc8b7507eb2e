"""The organisation's policy: one row, or the defaults while there is none."""

from sqlmodel import Session

from tuning.domain.policy import Policy
from tuning.store import rows


def get(session: Session) -> Policy:
    """Return what the admins allow."""
    return session.get(Policy, 1) or Policy()


def get_for_update(session: Session) -> Policy:
    """Return it and keep it from other changes until the transaction ends."""
    session.connection().execute(rows.insert(session, Policy).values(Policy().model_dump()).on_conflict_do_nothing())
    return rows.get_for_update(session, Policy, 1)
