"""Where the policy names data owners, a release takes an admin's word and one of theirs, in either order."""

from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tests.fakes.people import FakePeople
from tests.unit.tuning.releases.test_publishing import open_notices, state_of
from tuning.domain.audit import Tag
from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import Approval, Decision, ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import policy as governed
from tuning.governance.agents import available
from tuning.releases import approval, evidence, evidence_check, pilots, publishing, rollouts
from tuning.store import agents, audit, releases

ADMINS, DATA_OWNERS = {"cy", "dee"}, {"ida", "jo", "dee"}


@pytest.fixture
def tenant(tenant):
    """Cy and Dee are admins; Ida, Jo and Dee are data owners; Ana's release is a candidate beside a live one."""
    people = FakePeople(
        people=["ana", "bo", "cy", "dee", "ida", "jo"],
        groups={"staff": ["ana", "bo"], "admins": sorted(ADMINS), "stewards": sorted(DATA_OWNERS)},
    )
    tenant = replace(tenant, people=people)
    keep(
        tenant.store,
        make_agent(live_release_id="old"),
        make_run(id="old", state=RunState.READY),
        make_release(id="old", run_id="old", number=0, state=ReleaseState.LIVE, live_at=now()),
        make_run(state=RunState.READY),
        make_release(),
    )
    governed.change(tenant, "cy", {"data_owner_ids": "stewards"})
    return tenant


@pytest.fixture
def submitted(tenant):
    publishing.submit(tenant, "ana", "release")


def decided(tenant):
    with tenant.store.reading() as session:
        return [(one.decision, one.decided_by) for one in releases.decisions(session, "release")]


def wants(tenant):
    return {who for who in ("ana", "bo", "cy", "dee", "ida", "jo") if publishing.waiting(tenant, who)}


def asked(tenant, who):
    """Whether somebody is asked for an admin's word, and for a data owner's."""
    with tenant.store.reading() as session:
        release = releases.get(session, "release")
        wants = (approval.wants_admin, approval.wants_data_owner)
        return tuple(wanted(session, tenant, who, release) for wanted in wants)


def test_on_a_release_that_was_stopped_meanwhile_there_is_nothing_to_decide(tenant, submitted):
    with tenant.store.transaction() as session:
        releases.get_for_update(session, "release").suspend()
    with pytest.raises(WrongState, match="release 1 is suspended: there is nothing to decide"):
        publishing.approve(tenant, "cy", "release")
    with pytest.raises(WrongState, match="release 1 is suspended"):
        approval.consent(tenant, "ida", "release")


def test_submitting_tells_admins_and_data_owners_once(tenant, submitted):
    assert open_notices(tenant) == {
        (NoticeKind.RELEASE_SUBMITTED, "cy"),
        (NoticeKind.RELEASE_SUBMITTED, "dee"),
        (NoticeKind.RELEASE_CONSENT_ASKED, "ida"),
        (NoticeKind.RELEASE_CONSENT_ASKED, "jo"),
    }
    assert wants(tenant) == ADMINS | DATA_OWNERS


def test_an_admin_first_and_the_data_owners_word_makes_it_live(tenant, submitted):
    publishing.approve(tenant, "cy", "release", "Good.")
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED
    assert state_of(tenant, "old") == ReleaseState.LIVE
    assert wants(tenant) == DATA_OWNERS
    assert open_notices(tenant) == {(NoticeKind.RELEASE_CONSENT_ASKED, who) for who in DATA_OWNERS}
    with pytest.raises(WrongState, match="Cy has already approved release 1"):
        publishing.approve(tenant, "dee", "release")
    approval.consent(tenant, "ida", "release", "Fine.")
    assert (state_of(tenant, "release"), state_of(tenant, "old")) == (ReleaseState.LIVE, ReleaseState.SUPERSEDED)
    assert decided(tenant) == [(Decision.APPROVED, "cy"), (Decision.CONSENTED, "ida")]
    assert open_notices(tenant) == {(NoticeKind.RELEASE_APPROVED, "ana")}
    with pytest.raises(WrongState, match="Ida has already agreed to release 1"):
        approval.consent(tenant, "jo", "release")


def test_a_data_owner_first_and_the_admins_word_makes_it_live(tenant, submitted):
    approval.consent(tenant, "jo", "release")
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED
    assert open_notices(tenant) == {(NoticeKind.RELEASE_SUBMITTED, who) for who in ADMINS}
    with pytest.raises(WrongState, match="Jo has already agreed to release 1"):
        approval.consent(tenant, "ida", "release")
    publishing.approve(tenant, "dee", "release")
    assert [agent.id for agent in available(tenant, "bo")] == ["agent"]
    with tenant.store.reading() as session:
        tags = [event.tag for event in audit.events(session, "release")]
        assert audit.first_broken_link(session) is None
    assert tags == [Tag.RELEASE_SUBMITTED, Tag.RELEASE_CONSENTED, Tag.ACT_REFUSED, Tag.RELEASE_APPROVED]


def test_nobody_gives_both_words(tenant, submitted):
    publishing.approve(tenant, "dee", "release")
    with pytest.raises(NotAllowed, match="another person's"):
        approval.consent(tenant, "dee", "release")
    assert wants(tenant) == DATA_OWNERS - {"dee"}
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED


def test_nor_the_other_way_round(tenant, submitted):
    approval.consent(tenant, "dee", "release")
    with pytest.raises(NotAllowed, match="another person's"):
        publishing.approve(tenant, "dee", "release")
    assert wants(tenant) == {"cy"}


@pytest.mark.parametrize("chosen", ["cy", "cy,ana"])
def test_the_only_data_owner_keeps_that_word_and_another_admin_approves(tenant, submitted, chosen):
    governed.change(tenant, "cy", {"data_owner_ids": chosen})
    assert asked(tenant, "cy") == (False, True)
    assert asked(tenant, "dee") == (True, False)
    with pytest.raises(WrongState, match="no other data owner who could agree to release 1"):
        publishing.approve(tenant, "cy", "release")
    approval.consent(tenant, "cy", "release")
    publishing.approve(tenant, "dee", "release")
    assert state_of(tenant, "release") == ReleaseState.LIVE


def test_the_only_admin_who_may_decide_keeps_that_word_and_another_data_owner_agrees(tenant, submitted):
    governed.change(tenant, "cy", {"data_owner_ids": "cy,ida"})
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.former_owner_ids = ["dee"]
        session.add(agent)
    assert asked(tenant, "cy") == (True, False)
    assert asked(tenant, "ida") == (False, True)
    with pytest.raises(WrongState, match="no other admin who could approve release 1"):
        approval.consent(tenant, "cy", "release")
    publishing.approve(tenant, "cy", "release")
    approval.consent(tenant, "ida", "release")
    assert state_of(tenant, "release") == ReleaseState.LIVE


def test_who_is_left_alone_with_both_words_still_finds_it_and_reads_what_is_missing(tenant, submitted):
    governed.change(tenant, "cy", {"data_owner_ids": "cy"})
    alone = replace(tenant, admin_group_id="cy")
    assert asked(alone, "cy") == (True, True)
    with pytest.raises(WrongState, match="Name one in the policy"):
        publishing.approve(alone, "cy", "release")
    with pytest.raises(WrongState, match="Have one named"):
        approval.consent(alone, "cy", "release")


@pytest.mark.parametrize("who", ["ana", "bo", "cy", "stranger"])
def test_only_a_data_owner_agrees_and_none_to_what_is_theirs(tenant, submitted, who):
    if who == "ana":
        governed.change(tenant, "cy", {"data_owner_ids": "stewards,ana"})
    with pytest.raises(NotAllowed):
        approval.consent(tenant, who, "release")
    assert decided(tenant) == []


def test_a_data_owner_turns_it_down_and_it_is_over(tenant, submitted):
    publishing.approve(tenant, "cy", "release")
    publishing.reject(tenant, "jo", "release", "Not with these contracts.")
    assert state_of(tenant, "release") == ReleaseState.REJECTED
    assert open_notices(tenant) == {(NoticeKind.RELEASE_REJECTED, "ana")}
    with pytest.raises(WrongState, match="Jo has already rejected"):
        approval.consent(tenant, "ida", "release")


@pytest.mark.parametrize(
    ("approve", "state"),
    [
        (lambda tenant: rollouts.begin(tenant, "cy", "release", 25), ReleaseState.CANARY),
        (lambda tenant: pilots.begin(tenant, "cy", "release", ["bo"]), ReleaseState.PILOT),
    ],
)
def test_what_the_admin_chose_is_what_happens(tenant, submitted, approve, state, tmp_path):
    approve(tenant)
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED
    release = approval.consent(tenant, "ida", "release")
    assert (release.state, release.share, release.pilot) == (
        state,
        25 if state is ReleaseState.CANARY else 100,
        ["bo"] if state is ReleaseState.PILOT else [],
    )
    pack = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "no anchors")
    assert evidence_check.objections(pack.path) == []


def test_an_agreement_lasts_when_the_admins_word_has_to_be_given_again(tenant, submitted):
    rollouts.begin(tenant, "cy", "release", 25)
    approval.consent(tenant, "ida", "release")
    publishing.revoke(tenant, "dee", "agent", "No.")
    assert (state_of(tenant, "release"), wants(tenant)) == (ReleaseState.SUBMITTED, ADMINS)
    publishing.approve(tenant, "dee", "release")
    assert state_of(tenant, "release") == ReleaseState.LIVE


def test_when_the_policy_asks_for_it_no_more_an_admins_word_is_enough(tenant, submitted):
    publishing.approve(tenant, "cy", "release")
    governed.change(tenant, "cy", {"data_owner_ids": ""})
    assert wants(tenant) == ADMINS
    publishing.approve(tenant, "cy", "release")
    assert state_of(tenant, "release") == ReleaseState.LIVE


@pytest.mark.parametrize("chosen", ["ana", "cy"])
def test_without_a_second_person_nothing_can_be_submitted(tenant, chosen):
    governed.change(tenant, "cy", {"data_owner_ids": chosen})
    alone = replace(tenant, admin_group_id="cy") if chosen == "cy" else tenant
    with pytest.raises(WrongState, match="nobody else who could agree"):
        publishing.submit(alone, "ana", "release")


def test_evidence_in_which_one_person_gave_both_words_contradicts_itself(tenant, submitted, tmp_path):
    publishing.approve(tenant, "cy", "release")
    approval.consent(tenant, "ida", "release")
    whole = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "none")
    assert evidence_check.objections(whole.path) == []
    with tenant.store.transaction() as session:
        for one in releases.decisions(session, "release"):
            session.delete(one)
        session.add(Approval(release_id="release", decision=Decision.CONSENTED, decided_by="cy"))
        session.add(Approval(release_id="release", decision=Decision.APPROVED, decided_by="cy"))
    forged = evidence.write(tenant, "release", tmp_path / "forged.zip", tmp_path / "none")
    assert "The same person approved the release and agreed to it." in evidence_check.objections(forged.path)
