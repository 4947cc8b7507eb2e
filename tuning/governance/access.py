"""Who may do what to what. Fails closed: an unknown person, subject or permission gets nothing."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer
from tuning.domain.feedback import Feedback
from tuning.domain.permissions import Permission
from tuning.domain.principals import ORGANISATION
from tuning.domain.releases import Release
from tuning.domain.runs import Run
from tuning.governance.errors import PermissionMissing
from tuning.governance.tenant import Tenant
from tuning.store import audit, policy, releases

Subject = Agent | Run | Release | Feedback | Answer


def may(
    session: Session, tenant: Tenant, person_id: str, permission: Permission, subject: Subject | None = None
) -> bool:
    """Return whether a person may do something to a subject."""
    return not _objection(session, tenant, person_id, permission, subject)


def check(
    session: Session, tenant: Tenant, person_id: str, permission: Permission, subject: Subject | None = None
) -> None:
    """Raise `PermissionMissing` (a `NotAllowed`) with a sentence if the person may not."""
    objection = _objection(session, tenant, person_id, permission, subject)
    if objection:
        raise PermissionMissing(objection, permission, subject.id if subject else "")


@contextmanager
def act(tenant: Tenant, actor_id: str) -> Generator[Session]:
    """Give the transaction of a use case; when it is refused, the refusal is audited in a transaction of its own."""
    try:
        with tenant.store.transaction() as session:
            yield session
    except PermissionMissing as refusal:
        with tenant.store.transaction() as session:
            audit.record(
                session,
                Tag.ACCESS_REFUSED,
                actor_id,
                refusal.subject_id,
                permission=refusal.permission,
                sentence=refusal.sentence,
            )
        raise


def is_admin(tenant: Tenant, person_id: str) -> bool:
    """Return whether a person is in the admin group, directly or through nested groups."""
    return person_id in tenant.admins()


def is_in(tenant: Tenant, person_id: str, audience: list[str]) -> bool:
    """Return whether a person belongs to an audience."""
    return not tenant.people.principals(person_id).isdisjoint(audience)


@dataclass(frozen=True)
class _Request:
    """One question to the rules below."""

    session: Session
    tenant: Tenant
    person_id: str
    subject: Subject | None

    @property
    def agent(self) -> Agent | None:
        match self.subject:
            case Agent():
                return self.subject
            case Run() | Release() | Feedback() | Answer():
                return self.session.get(Agent, self.subject.agent_id)
            case _:
                return None

    @property
    def owns(self) -> bool:
        agent = self.agent
        return agent is not None and agent.owner_id == self.person_id

    @property
    def administers(self) -> bool:
        return is_admin(self.tenant, self.person_id)


def _must_own(request: _Request) -> str:
    return "" if request.owns else "Only the owner of an agent may do that."


def _must_administer(request: _Request) -> str:
    return "" if request.administers else "Only admins may do that."


def _must_own_or_administer(request: _Request) -> str:
    return "" if request.owns or request.administers else "Only the agent's owner or an admin may do that."


def _four_eyes(request: _Request) -> str:
    if not request.administers:
        return "Only admins may do that."
    if request.agent is None or request.owns:
        return "Nobody decides on an agent of their own: another admin has to."
    return ""


def _may_make(request: _Request) -> str:
    allowed = policy.get(request.session)
    if not allowed.is_tuning_on:
        return "Tuning is switched off in your organisation. Ask an admin to switch it on."
    if not is_in(request.tenant, request.person_id, allowed.maker_ids or [ORGANISATION]):
        return "You may not make agents. Ask an admin for access."
    return ""


def _may_tune(request: _Request) -> str:
    return _must_own(request) or _may_make(request)


def _may_ask(request: _Request) -> str:
    agent = request.agent
    if agent is not None and agent.live_release_id is not None:
        live = releases.get(request.session, agent.live_release_id)
        if is_in(request.tenant, request.person_id, live.audience):
            return ""
    return "There is no such agent for you. Send 'agents' to see whom you can ask."


def _must_be_theirs(request: _Request) -> str:
    if isinstance(request.subject, Answer | Feedback) and request.subject.person_id == request.person_id:
        return ""
    return "Only the person who got an answer may give feedback on it."


_RULES: dict[Permission, Callable[[_Request], str]] = {
    Permission.AGENT_CREATE: _may_make,
    Permission.AGENT_CONFIGURE: _must_own,
    Permission.AGENT_ASK: _may_ask,
    Permission.RUN_START: _may_tune,
    Permission.RUN_CANCEL: _must_own_or_administer,
    Permission.RELEASE_TRY: _must_own,
    Permission.RELEASE_SUBMIT: _must_own,
    Permission.RELEASE_APPROVE: _four_eyes,
    Permission.RELEASE_REJECT: _four_eyes,
    Permission.RELEASE_REVOKE: _must_administer,
    Permission.FEEDBACK_GIVE: _must_be_theirs,
    Permission.FEEDBACK_REVIEW: _must_own,
    Permission.AUDIT_READ: _must_administer,
}
"""Permission to the rule, which returns why not as a sentence, or nothing."""


def _objection(
    session: Session, tenant: Tenant, person_id: str, permission: Permission, subject: Subject | None
) -> str:
    if tenant.people.person(person_id) is None:
        return "You are not in the organisation's directory, so you can't do that. Ask an admin to add you."
    return _RULES[permission](_Request(session, tenant, person_id, subject))
