"""Access when it is needed: asked for with a reason, given by another person who is an admin, and ended by itself."""

from collections.abc import Sequence

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.fields import now
from tuning.domain.grants import STATES, Grant, GrantState
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import number, say
from tuning.store import audit, grants, notices

MAX_TEXT = 1_000


def ask(tenant: Tenant, actor_id: str, justification: str) -> Grant:
    """Ask the admins for the right to make and tune agents; raise `InvalidInput` without a reason."""
    justification = justification.strip()
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.ACCESS_ASK)
        if not 1 <= len(justification) <= MAX_TEXT:
            raise InvalidInput(say("Say what you need it for, in 1 to {most} characters.", most=number(MAX_TEXT)))
        _end_what_ran_out(session, actor_id)
        if grants.open_of(session, actor_id):
            raise WrongState(say("You have asked already. You get a message as soon as an admin has decided."))
        admins = tenant.admins() - {actor_id}
        if not admins:
            raise WrongState(say("There is no admin who could decide on it. Ask whoever runs Attune to name one."))
        grant = Grant(person_id=actor_id, justification=justification)
        session.add(grant)
        session.flush()
        notices.notify(session, NoticeKind.ACCESS_ASKED, admins, grant.id)
        # Without the justification: it is the person's own words, and the audit is never erased.
        audit.record(session, Tag.ACCESS_ASKED, actor_id, grant.id)
        return grant


def grant(tenant: Tenant, actor_id: str, grant_id: str, term: str) -> Grant:
    """Give what was asked for: 'once', for a number of days, or 'for good'.

    Raise `InvalidInput` for another term, and `WrongState`, naming who it was, if another admin has decided already.
    """
    with access.act(tenant, actor_id, grant_id) as session:
        asked = _asked(session, tenant, actor_id, grant_id)
        return _give(session, actor_id, asked, term)


def give(tenant: Tenant, actor_id: str, person_id: str, term: str) -> Grant:
    """Give it to a person whether asked or not; what they had before ends."""
    with access.act(tenant, actor_id) as session:
        fresh = Grant(person_id=person_id)
        access.check(session, tenant, actor_id, Permission.ACCESS_DECIDE, fresh)
        before = grants.open_of(session, person_id)
        if before is not None and before.state == GrantState.ASKED:
            return _give(session, actor_id, grants.get_for_update(session, before.id), term)
        if before is not None:
            before.end()
            session.add(before)
            session.flush()  # the database holds that a person has one open grant, at every moment
        return _give(session, actor_id, fresh, term)


def decline(tenant: Tenant, actor_id: str, grant_id: str, reason: str) -> Grant:
    """Turn a request down; the person reads the reason."""
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_TEXT:
        raise InvalidInput(say("Say why, in 1 to {most} characters: the person reads it.", most=number(MAX_TEXT)))
    with access.act(tenant, actor_id, grant_id) as session:
        asked = _asked(session, tenant, actor_id, grant_id)
        asked.decline(actor_id, reason, now())
        _settle(session, asked)
        audit.record(session, Tag.ACCESS_DECLINED, actor_id, asked.id, person_id=asked.person_id, reason=reason)
        return asked


def take_back(tenant: Tenant, actor_id: str, grant_id: str) -> Grant:
    """End a grant before its time."""
    with access.act(tenant, actor_id, grant_id) as session:
        held = grants.get_for_update(session, grant_id)
        access.check(session, tenant, actor_id, Permission.ACCESS_DECIDE, held)
        held.end()
        session.add(held)
        audit.record(session, Tag.ACCESS_ENDED, actor_id, held.id, person_id=held.person_id)
        return held


def page(tenant: Tenant, actor_id: str) -> Sequence[Grant]:
    """Return to an admin what is asked for and what is in force."""
    with access.act(tenant, actor_id) as session:
        access.check(session, tenant, actor_id, Permission.ACCESS_DECIDE)
        at = now()
        return [one for one in grants.every_open(session) if one.state == GrantState.ASKED or one.holds(at)]


def use_up(session: Session, tenant: Tenant, person_id: str, run_id: str) -> None:
    """End a grant for one run with that run; a person whom the policy lets tune keeps it."""
    held = grants.open_of(session, person_id)
    if held is None or not held.is_once or not held.holds(now()) or access.is_tuner(session, tenant, person_id):
        return
    held.end()
    session.add(held)
    audit.record(session, Tag.ACCESS_ENDED, audit.WORKER, held.id, person_id=person_id, run_id=run_id)


def _asked(session: Session, tenant: Tenant, actor_id: str, grant_id: str) -> Grant:
    asked = grants.get_for_update(session, grant_id)
    access.check(session, tenant, actor_id, Permission.ACCESS_DECIDE, asked)
    if asked.state != GrantState.ASKED and asked.decided_by:
        raise WrongState(
            say(
                "{person} has decided already: the request is {state}.",
                person=tenant.name_of(asked.decided_by),
                state=say(STATES[GrantState(asked.state)]),
            )
        )
    return asked


def _give(session: Session, actor_id: str, asked: Grant, term: str) -> Grant:
    asked.give(actor_id, term, now())
    _settle(session, asked)
    audit.record(session, Tag.ACCESS_GRANTED, actor_id, asked.id, person_id=asked.person_id, term=asked.term)
    return asked


def _settle(session: Session, decided: Grant) -> None:
    session.add(decided)
    session.flush()
    notices.settle(session, NoticeKind.ACCESS_ASKED, decided.id)
    notices.notify(session, NoticeKind.ACCESS_DECIDED, [decided.person_id], decided.id)


def _end_what_ran_out(session: Session, person_id: str) -> None:
    held = grants.open_of(session, person_id)
    if held is not None and held.state == GrantState.GRANTED and not held.holds(now()):
        held.end()
        session.add(held)
        session.flush()
