import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run
from tuning.domain.audit import Tag
from tuning.domain.errors import NotAllowed
from tuning.domain.feedback import Feedback
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.governance import access
from tuning.store import agents, audit, policy

EVERYBODY = {"ana", "bo", "cy", "dee", "gus", "stranger", ""}

WHO_MAY = {
    Permission.AGENT_CREATE: {"ana", "bo", "cy", "dee"},
    Permission.AGENT_CONFIGURE: {"ana"},
    Permission.AGENT_ASK: {"ana", "bo", "cy", "dee"},
    Permission.AGENT_LABEL: {"ana"},
    Permission.AGENT_PAUSE: {"ana"},
    Permission.AGENT_HAND_OVER: {"ana", "cy", "dee"},
    Permission.AGENT_DELETE: {"ana", "cy", "dee"},
    Permission.AGENT_BIND: {"ana"},
    Permission.AGENT_UNBIND: {"ana", "cy", "dee"},
    Permission.RUN_START: {"ana"},
    Permission.RUN_CANCEL: {"ana", "cy", "dee"},
    Permission.RELEASE_TRY: {"ana"},
    Permission.RELEASE_RATE: {"ana"},
    Permission.RELEASE_SUBMIT: {"ana"},
    Permission.RELEASE_APPROVE: {"cy", "dee"},
    Permission.RELEASE_CONSENT: {"bo"},
    Permission.RELEASE_REJECT: {"bo", "cy", "dee"},
    Permission.RELEASE_RETIRE: {"ana", "cy", "dee"},
    Permission.RELEASE_RESTORE: {"cy", "dee"},
    Permission.RELEASE_REVOKE: {"cy", "dee"},
    Permission.RELEASE_HISTORY: {"ana", "cy", "dee"},
    Permission.APPROVALS_READ: {"ana", "bo", "cy", "dee"},
    Permission.FEEDBACK_GIVE: {"bo"},
    Permission.FEEDBACK_REVIEW: {"ana"},
    Permission.PERSON_ERASE: {"cy", "dee"},
    Permission.DOCUMENT_ERASE: {"cy", "dee"},
    Permission.AUDIT_READ: {"cy", "dee"},
    Permission.ACCESS_ASK: {"gus"},
    Permission.ACCESS_DECIDE: {"cy", "dee"},
    Permission.POLICY_CHANGE: {"cy", "dee"},
    Permission.NOTICE_OPEN: {"bo"},
    Permission.USAGE_READ: {"ana", "cy", "dee"},
}

NEED_NO_SUBJECT = {
    Permission.AGENT_CREATE,
    Permission.PERSON_ERASE,
    Permission.DOCUMENT_ERASE,
    Permission.AUDIT_READ,
    Permission.APPROVALS_READ,
    Permission.ACCESS_ASK,
    Permission.ACCESS_DECIDE,
    Permission.POLICY_CHANGE,
}

SUBJECTS: dict[str, access.Subject] = {
    "agent": make_agent(live_release_id="release"),
    "run": make_run(),
    "release": make_release(state=ReleaseState.LIVE),
    "feedback": Feedback(id="feedback", agent_id="agent", answer_id="answer", person_id="bo", question="?"),
    "answer": make_answer(),
    "notice": Notice(id="notice", kind=NoticeKind.RUN_READY, person_id="bo", subject_id="run"),
}


@pytest.fixture
def session(tenant):
    """Bo and Ana are data owners; Ana owns the agent."""
    with tenant.store.transaction() as begun:
        allowed = policy.get(begun)
        allowed.data_owner_ids = ["ana", "bo"]
        begun.add(allowed)
    keep(tenant.store, *(type(row)(**row.model_dump()) for row in SUBJECTS.values()))
    with tenant.store.transaction() as session:
        yield session


@pytest.mark.parametrize("permission", Permission)
def test_who_may_do_what(session, tenant, permission):
    needs = {Permission.FEEDBACK_GIVE: {"answer", "feedback"}, Permission.NOTICE_OPEN: {"notice"}}
    for name, subject in SUBJECTS.items():
        if name not in needs.get(permission, SUBJECTS.keys() - {"notice"}):
            continue
        allowed = {who for who in EVERYBODY if access.may(session, tenant, who, permission, subject)}
        assert allowed == WHO_MAY[permission], name


@pytest.mark.parametrize("permission", sorted(set(Permission) - NEED_NO_SUBJECT))
def test_what_needs_a_subject_is_refused_without_one(session, tenant, permission):
    need_none = {
        Permission.RELEASE_REVOKE,
        Permission.RELEASE_RETIRE,
        Permission.RUN_CANCEL,
        Permission.USAGE_READ,
        Permission.RELEASE_HISTORY,
        Permission.AGENT_HAND_OVER,
        Permission.AGENT_DELETE,
        Permission.AGENT_UNBIND,
    }
    revokers = {"cy", "dee"} if permission in need_none else set()
    assert {who for who in EVERYBODY if access.may(session, tenant, who, permission)} == revokers


def test_an_admin_does_not_decide_on_an_agent_of_their_own(store, tenant):
    keep(store, make_agent(owner_id="cy"), make_release(state=ReleaseState.SUBMITTED))
    with store.reading() as session:
        for permission in (Permission.RELEASE_APPROVE, Permission.RELEASE_REJECT, Permission.RELEASE_RESTORE):
            assert {who for who in EVERYBODY if access.may(session, tenant, who, permission, make_release())} == {"dee"}


def test_an_agent_without_a_live_release_answers_nobody(store, tenant):
    keep(store, make_agent(), make_release())
    with store.reading() as session:
        assert not any(access.may(session, tenant, who, Permission.AGENT_ASK, make_agent()) for who in EVERYBODY)


def test_the_audience_is_that_of_the_live_release_not_of_the_next_one(store, tenant):
    agent = make_agent(live_release_id="release", audience=["partners"])
    keep(store, agent, make_release(state=ReleaseState.LIVE, audience=["leads"]))
    with store.reading() as session:
        assert {who for who in EVERYBODY if access.may(session, tenant, who, Permission.AGENT_ASK, agent)} == {
            "cy",
            "dee",
        }


@pytest.mark.parametrize(
    ("policy", "makers"),
    [
        (Policy(maker_ids=["leads"]), {"cy", "dee"}),
        (Policy(maker_ids=["partners"]), {"bo", "gus"}),
        (Policy(is_tuning_on=False), set()),
    ],
)
def test_the_policy_says_who_makes_agents(store, tenant, policy, makers):
    keep(store, Policy(**policy.model_dump()))
    with store.reading() as session:
        assert {who for who in EVERYBODY if access.may(session, tenant, who, Permission.AGENT_CREATE)} == makers


def test_a_refusal_is_audited_though_the_act_is_undone(store, tenant):
    keep(store, make_agent())

    def rename():
        with access.act(tenant, "bo") as session:
            agent = agents.get(session, "agent")
            agent.name = "Mine"
            session.add(agent)
            session.flush()
            access.check(session, tenant, "bo", Permission.AGENT_CONFIGURE, agent)

    with pytest.raises(NotAllowed, match="Only the owner"):
        rename()
    with store.reading() as session:
        assert agents.get(session, "agent").name == "Travel"
        (event,) = audit.events(session, "agent")
    assert (event.tag, event.actor_id, event.detail["permission"]) == (Tag.ACCESS_REFUSED, "bo", "agent:configure")
