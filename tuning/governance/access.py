"""Who may do what to what. Fails closed: an unknown person, subject or permission gets nothing."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer
from tuning.domain.errors import NotAllowed, NotFound, Refusal, WrongState
from tuning.domain.feedback import Feedback
from tuning.domain.fields import now
from tuning.domain.grants import Grant
from tuning.domain.notices import Notice
from tuning.domain.pairs import DocumentPair
from tuning.domain.permissions import Permission
from tuning.domain.principals import ORGANISATION
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run
from tuning.domain.samples import Sample
from tuning.governance import rules
from tuning.governance.errors import PermissionMissing
from tuning.governance.tenant import Tenant
from tuning.store import audit, grants, policy, releases

MAX_ID = 64
"""Characters of an id that a button sent, which may be anything."""

Subject = Agent | Run | Release | Feedback | Answer | Grant | Notice | Sample | DocumentPair


def may(
    session: Session, tenant: Tenant, person_id: str, permission: Permission, subject: Subject | None = None
) -> bool:
    """Return whether a person may do something to a subject."""
    return not rules.objection(permission, _Standing(session, tenant, person_id, subject))


def check(
    session: Session, tenant: Tenant, person_id: str, permission: Permission, subject: Subject | None = None
) -> None:
    """Raise `PermissionMissing` (a `NotAllowed`) with a sentence if the person may not."""
    objection = rules.objection(permission, _Standing(session, tenant, person_id, subject))
    if objection:
        raise PermissionMissing(objection, permission, subject.id if subject else "")


@contextmanager
def act(tenant: Tenant, actor_id: str, subject_id: str = "") -> Generator[Session]:
    """Give the transaction of a use case; when it is refused, the refusal is audited in a transaction of its own.

    A form that was filled in wrong is no refusal: its person corrects it and sends it again.
    """
    try:
        with tenant.store.transaction() as session:
            yield session
    except (NotAllowed, NotFound, WrongState) as refusal:
        note(tenant, actor_id, refusal, subject_id)
        raise


def note(tenant: Tenant, actor_id: str, refusal: Refusal, subject_id: str = "") -> None:
    """Put a refusal into the audit, in a transaction of its own."""
    tag, what = Tag.ACT_REFUSED, {"code": refusal.code}
    if isinstance(refusal, PermissionMissing):
        tag, what = Tag.ACCESS_REFUSED, {"permission": str(refusal.permission)}
        subject_id = refusal.subject_id or subject_id
    with tenant.store.transaction() as session:
        audit.record(session, tag, actor_id, subject_id[:MAX_ID], **what, sentence=refusal.english)


def is_admin(tenant: Tenant, person_id: str) -> bool:
    """Return whether a person is in the admin group, directly or through nested groups."""
    return person_id in tenant.admins()


def is_in(tenant: Tenant, person_id: str, audience: list[str]) -> bool:
    """Return whether a person belongs to an audience."""
    return not tenant.people.principals(person_id).isdisjoint(audience)


def is_in_pilot(tenant: Tenant, person_id: str, release: Release) -> bool:
    """Return whether a person gets a release because it is a pilot, and they are among those it goes to."""
    if release.state != ReleaseState.PILOT:
        return False
    return is_in(tenant, person_id, release.pilot) and is_in(tenant, person_id, release.audience)


def data_owners(session: Session, tenant: Tenant) -> frozenset[str]:
    """Return who may agree to releases besides an admin; nobody where the policy asks for no such word."""
    return frozenset[str]().union(*(tenant.people.members(key) for key in policy.get(session).data_owner_ids))


def is_tuner(session: Session, tenant: Tenant, person_id: str) -> bool:
    """Return whether the policy lets a person start runs, without a grant."""
    return is_in(tenant, person_id, policy.get(session).tuner_ids or [ORGANISATION])


@dataclass(frozen=True)
class _Standing:
    """What a person is to a subject, looked up as far as a rule asks."""

    session: Session
    tenant: Tenant
    person_id: str
    subject: Subject | None

    @property
    def is_known(self) -> bool:
        return self.tenant.people.person(self.person_id) is not None

    @property
    def is_admin(self) -> bool:
        return is_admin(self.tenant, self.person_id)

    @property
    def is_owner(self) -> bool:
        agent = self._agent
        return agent is not None and agent.owner_id == self.person_id

    @property
    def is_data_owner(self) -> bool:
        return self.person_id in data_owners(self.session, self.tenant)

    @property
    def is_anothers(self) -> bool:
        agent = self._agent
        return agent is not None and self.person_id not in agent.owners

    @property
    def is_tuning_on(self) -> bool:
        return policy.get(self.session).is_tuning_on

    @property
    def is_maker(self) -> bool:
        makers = policy.get(self.session).maker_ids or [ORGANISATION]
        return is_in(self.tenant, self.person_id, makers) or self._has_grant

    @property
    def is_tuner(self) -> bool:
        return is_tuner(self.session, self.tenant, self.person_id) or self._has_grant

    @property
    def is_answering(self) -> bool:
        return policy.get(self.session).is_answering

    @property
    def is_in_audience(self) -> bool:
        agent = self._agent
        if agent is None:
            return False
        if agent.live_release_id is not None:
            live = releases.get(self.session, agent.live_release_id)
            if is_in(self.tenant, self.person_id, live.audience):
                return True
        if agent.canary_release_id is None:
            return False
        return is_in_pilot(self.tenant, self.person_id, releases.get(self.session, agent.canary_release_id))

    @property
    def is_asker(self) -> bool:
        return isinstance(self.subject, Answer | Feedback | Grant | Notice) and self.subject.person_id == self.person_id

    @property
    def _has_grant(self) -> bool:
        return grants.holds(self.session, self.person_id, now())

    @property
    def _agent(self) -> Agent | None:
        match self.subject:
            case Agent():
                return self.subject
            case Run() | Release() | Feedback() | Answer() | Sample() | DocumentPair():
                return self.session.get(Agent, self.subject.agent_id)
            case _:
                return None
