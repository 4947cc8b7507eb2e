"""The organisation's policy: one row, or the defaults while there is none."""

from copy import deepcopy
from typing import cast

from sqlmodel import Session, select

from tuning.domain.policy import Policy
from tuning.store import rows

_POLICY = select(Policy)
_DEFAULTS = Policy().model_dump()
"""Kept, because every turn asks while there is no row, and pydantic takes half a millisecond to find them."""


def get(session: Session) -> Policy:
    """Return what the admins allow, to be read only; looked up once a session."""
    found = session.info.get(Policy)
    if found is None:
        found = session.info[Policy] = session.exec(_POLICY).first() or Policy(**deepcopy(_DEFAULTS))
    return cast("Policy", found)


def get_for_update(session: Session) -> Policy:
    """Return it and keep it from other changes until the transaction ends."""
    session.info.pop(Policy, None)
    session.connection().execute(rows.insert(session, Policy).values(Policy().model_dump()).on_conflict_do_nothing())
    return rows.get_for_update(session, Policy, 1)
