"""The organisation's policy: one row, or the defaults while there is none."""

from sqlmodel import Session

from tuning.domain.policy import Policy


def get(session: Session) -> Policy:
    """Return what the admins allow."""
    return session.get(Policy, 1) or Policy()
