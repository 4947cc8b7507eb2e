"""A release that chosen people get first: who gets it, how more get it, and what ends it."""

from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run
from tests.fakes.people import FakePeople
from tests.unit.tuning.releases.test_publishing import open_notices, state_of
from tests.unit.tuning.releases.test_rollouts import agent_of, ask, rate, tags_of
from tuning.domain.agents import AgentState
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, NotAllowed, NotFound, WrongState
from tuning.domain.feedback import Reaction
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import Decision, ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import access, feedback
from tuning.governance.agents import available
from tuning.releases import evidence, evidence_check, pilots, publishing, rollouts
from tuning.store import agents, audit, releases, usage

STAFF = [f"person{number}" for number in range(12)]
PILOT, OTHERS = set(STAFF[:4]), set(STAFF[4:])


@pytest.fixture
def tenant(tenant):
    """Twelve people may ask; four of them are the pilot group; release 1 is submitted, and nothing is live."""
    people = FakePeople(
        people=["ana", "cy", "dee", "fay", *STAFF],
        groups={"staff": ["ana", *STAFF], "early": [*STAFF[:4], "fay"], "admins": ["cy", "dee"]},
    )
    tenant = replace(tenant, people=people)
    keep(tenant.store, make_agent(), make_run(state=RunState.READY), make_release(state=ReleaseState.SUBMITTED))
    return tenant


@pytest.fixture
def live(tenant):
    """Release 'old' is live beside it."""
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.live_release_id = "old"
        session.add(agent)
    keep(
        tenant.store,
        make_run(id="old", state=RunState.READY),
        make_release(id="old", run_id="old", number=0, state=ReleaseState.LIVE, live_at=now()),
    )


def who_gets(tenant, release_id="release"):
    found = set()
    for who in [*STAFF, "fay"]:
        with tenant.store.reading() as session:
            agent = agents.get(session, "agent")
            if access.may(session, tenant, who, Permission.AGENT_ASK, agent):
                found |= {who} if rollouts.release_for(session, tenant, agent, who).id == release_id else set()
    return found


def test_a_first_release_answers_its_pilot_and_nobody_else(tenant):
    pilots.begin(tenant, "cy", "release", ["early"])
    assert who_gets(tenant) == PILOT
    assert [agent.id for agent in available(tenant, STAFF[0])] == ["agent"]
    assert available(tenant, STAFF[8]) == []
    assert agent_of(tenant).state(is_tuning=False) is AgentState.LIVE
    assert (NoticeKind.RELEASE_APPROVED, "ana") in open_notices(tenant)
    with tenant.store.reading() as session, pytest.raises(NotFound):
        rollouts.release_for(session, tenant, agent_of(tenant), STAFF[8])


def test_beside_a_live_release_the_others_keep_that(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early", STAFF[5]])
    assert who_gets(tenant) == {*PILOT, STAFF[5]}
    assert who_gets(tenant, "old") == OTHERS - {STAFF[5]}


def test_more_get_it_by_an_admins_word_and_at_last_all(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early"])
    pilots.let_in(tenant, "dee", "agent", [STAFF[6]])
    assert who_gets(tenant) == {*PILOT, STAFF[6]}
    with pytest.raises(WrongState, match="get it already"):
        pilots.let_in(tenant, "dee", "agent", [STAFF[6]])
    pilots.complete(tenant, "dee", "agent")
    assert who_gets(tenant) == set(STAFF)
    assert (state_of(tenant, "release"), state_of(tenant, "old")) == (ReleaseState.LIVE, ReleaseState.SUPERSEDED)
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED, Tag.RELEASE_WIDENED, Tag.RELEASE_APPROVED]
    with pytest.raises(WrongState, match="has no pilot"):
        pilots.complete(tenant, "cy", "agent")


def test_a_pilot_needs_somebody_of_the_audience(tenant):
    for names in ([], ["fay"], ["admins"]):
        with pytest.raises(InvalidInput):
            pilots.begin(tenant, "cy", "release", names)
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED


def test_it_takes_another_person_who_is_an_admin(tenant):
    for who in ("ana", "fay"):
        with pytest.raises(NotAllowed):
            pilots.begin(tenant, who, "release", ["early"])
    pilots.begin(tenant, "cy", "release", ["early"])
    for act in (
        lambda who: pilots.let_in(tenant, who, "agent", [STAFF[6]]),
        lambda who: pilots.complete(tenant, who, "agent"),
        lambda who: pilots.current(tenant, who, "agent"),
    ):
        for who in ("ana", "fay"):
            with pytest.raises(NotAllowed):
                act(who)


def test_an_owner_proposes_a_pilot_which_an_admin_finds_on_the_card(tenant):
    with tenant.store.transaction() as session:
        release = releases.get(session, "release")
        release.state = ReleaseState.CANDIDATE
        session.add(release)
    with pytest.raises(InvalidInput, match="Nobody of its audience"):
        publishing.submit(tenant, "ana", "release", pilot=["fay"])
    assert publishing.submit(tenant, "ana", "release", pilot=["early"]).pilot == ["early"]
    with tenant.store.reading() as session:
        assert audit.events(session, "release")[-1].detail["pilot"] == ["early"]
    publishing.approve(tenant, "cy", "release")
    assert who_gets(tenant) == set(STAFF)


def test_what_a_pilot_thinks_is_shown_and_rolls_nothing_back(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early"])
    for who in STAFF:
        rate(tenant, who, liked=who in OTHERS)
    assert state_of(tenant, "release") == ReleaseState.PILOT
    answer = make_answer(id="one", conversation_id="t", person_id=STAFF[0], release_id="release")
    keep(tenant.store, answer)
    with tenant.store.transaction() as session:
        usage.asked(session, answer)
    feedback.give(tenant, STAFF[0], "one", reaction=Reaction.LIKE)
    with tenant.store.reading() as session:
        told = pilots.standing(session, releases.get(session, "release"))
    assert told == "1 person has asked it. 1 thumbs up, 4 down, 0 corrections."


def test_rolling_back_ends_it_and_the_live_release_answers_all(tenant, live, tmp_path):
    pilots.begin(tenant, "cy", "release", ["early"], "Carefully.")
    publishing.roll_back(tenant, "dee", "agent")
    assert who_gets(tenant, "old") == set(STAFF)
    assert state_of(tenant, "release") == ReleaseState.REJECTED
    with tenant.store.reading() as session:
        assert [one.decision for one in releases.decisions(session, "release")] == [
            Decision.APPROVED,
            Decision.ROLLED_BACK,
        ]
    pack = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "no anchors")
    assert evidence_check.objections(pack.path) == []


@pytest.mark.parametrize(
    ("stop", "state"),
    [
        (lambda tenant: publishing.revoke(tenant, "cy", "agent", "No."), ReleaseState.REVOKED),
        (lambda tenant: publishing.retire(tenant, "ana", "agent"), ReleaseState.CANDIDATE),
    ],
)
def test_a_pilot_alone_is_what_is_stopped_and_never_comes_back_for_all(tenant, stop, state):
    pilots.begin(tenant, "cy", "release", ["early"])
    stop(tenant)
    assert (state_of(tenant, "release"), who_gets(tenant)) == (state, set())
    assert not agent_of(tenant).is_serving
    with pytest.raises(WrongState):
        publishing.roll_back(tenant, "cy", "agent", 1)


def test_a_pilot_that_was_retired_is_submitted_again_and_takes_all_words_anew(tenant, tmp_path):
    pilots.begin(tenant, "cy", "release", ["early"])
    publishing.retire(tenant, "ana", "agent", "Too early.")
    with tenant.store.reading() as session:
        release = releases.get(session, "release")
        assert (release.pilot, release.submitted_at) == ([], None)
        assert [one.decision for one in releases.decisions(session, "release")] == ["approved", "retired"]
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED, Tag.RELEASE_RETIRED]
    with pytest.raises(WrongState, match="Ana has already retired release 1"):
        publishing.retire(tenant, "ana", "agent")
    publishing.submit(tenant, "ana", "release")
    publishing.approve(tenant, "dee", "release")
    assert who_gets(tenant) == set(STAFF)
    pack = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "no anchors")
    assert evidence_check.objections(pack.path) == []


def test_beside_a_live_release_that_is_retired_it_is_its_owners_again(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early"])
    publishing.retire(tenant, "cy", "agent")
    assert (state_of(tenant, "old"), state_of(tenant, "release")) == (ReleaseState.RETIRED, ReleaseState.CANDIDATE)
    assert publishing.waiting(tenant, "dee") == []
    assert not agent_of(tenant).is_serving


def test_beside_a_live_release_that_is_stopped_it_waits_for_a_decision_again(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early"])
    publishing.revoke(tenant, "cy", "agent", "No.")
    assert (state_of(tenant, "old"), state_of(tenant, "release")) == (ReleaseState.REVOKED, ReleaseState.SUBMITTED)
    assert who_gets(tenant) == set()


def test_one_of_them_at_a_time(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early"])
    keep(tenant.store, make_run(id="r3"), make_release(id="third", run_id="r3", number=3, state=ReleaseState.SUBMITTED))
    for act in (publishing.approve, lambda tenant, who, release_id: rollouts.begin(tenant, who, release_id, 10)):
        with pytest.raises(WrongState, match="Release 1 of 'Travel' is a pilot"):
            act(tenant, "dee", "third")
    with pytest.raises(WrongState, match="is a pilot, not a canary"):
        rollouts.widen(tenant, "dee", "agent", 50)


def test_who_asks_gets_the_release_that_is_theirs(tenant, live):
    pilots.begin(tenant, "cy", "release", ["early"])
    with tenant.store.reading() as session:
        theirs = {who: rollouts.release_for(session, tenant, agents.get(session, "agent"), who).id for who in STAFF}
    assert {who for who, release_id in theirs.items() if release_id == "release"} == PILOT
    assert ask(tenant, STAFF[0])
