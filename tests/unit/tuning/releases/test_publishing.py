from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run
from tuning.domain.audit import Tag
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.feedback import Feedback
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import feedback as governed
from tuning.governance import policy
from tuning.governance.agents import available
from tuning.releases import approval, candidates, erasure, evidence, evidence_check, publishing
from tuning.store import agents, audit, feedback, notices, releases


def open_notices(tenant):
    with tenant.store.transaction() as session:
        return {(notice.kind, notice.person_id) for notice in notices.due(session, now(), 100)}


def state_of(tenant, release_id):
    with tenant.store.reading() as session:
        return releases.get(session, release_id).state


@pytest.fixture
def submitted(tenant):
    keep(tenant.store, make_agent(), make_run(state=RunState.READY), make_release())
    publishing.submit(tenant, "ana", "release", "Please look at travel.")


class TestCandidates:
    def create(self, tenant, run):
        return candidates.create(
            tenant, run, adapter_path=Path("a.gguf"), sha256="1" * 64, peft_path=Path("adapter"), base_sha256="2" * 64
        )

    def test_a_run_ends_in_one_candidate_however_often_it_is_asked_for(self, tenant):
        run = make_run(state=RunState.RUNNING)
        keep(tenant.store, make_agent(), make_release(id="old", run_id="old"), run)
        made = self.create(tenant, run)
        assert self.create(tenant, run).id == made.id
        assert (made.number, made.state, made.audience) == (2, ReleaseState.CANDIDATE, ["staff"])
        assert open_notices(tenant) == {(NoticeKind.RUN_READY, "ana")}
        with tenant.store.reading() as session:
            assert [event.tag for event in audit.events(session, run.id)] == [Tag.RUN_FINISHED]

    def test_a_cancelled_run_makes_none(self, tenant):
        run = make_run(state=RunState.CANCELLED)
        keep(tenant.store, make_agent(), run)
        with pytest.raises(WrongState):
            self.create(tenant, run)
        with tenant.store.reading() as session:
            assert releases.of_agent(session, "agent") == []

    def test_without_an_audience_it_is_for_the_owner(self, tenant):
        run = make_run(state=RunState.RUNNING)
        keep(tenant.store, make_agent(audience=[]), run)
        assert self.create(tenant, run).audience == ["ana"]


def test_submitting_tells_every_admin(tenant, submitted):
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED
    assert open_notices(tenant) == {(NoticeKind.RELEASE_SUBMITTED, "cy"), (NoticeKind.RELEASE_SUBMITTED, "dee")}
    assert [release.id for release in publishing.waiting(tenant, "cy")] == ["release"]
    assert publishing.waiting(tenant, "ana") == []


def test_a_submission_is_taken_back_with_all_words_on_it_and_submitted_again(tenant, submitted):
    keep(tenant.store, Policy(data_owner_ids=["bo"]))
    publishing.approve(tenant, "cy", "release")
    assert (NoticeKind.RELEASE_CONSENT_ASKED, "bo") in open_notices(tenant)
    publishing.withdraw(tenant, "ana", "release")
    assert open_notices(tenant) == set()
    assert [publishing.waiting(tenant, who) for who in ("bo", "cy", "dee")] == [[], [], []]
    with tenant.store.reading() as session:
        release = releases.get(session, "release")
        last = audit.events(session, "release")[-1]
    assert (release.state, release.approved_by, release.note) == (ReleaseState.CANDIDATE, "", "")
    assert (last.tag, last.actor_id, last.detail["agent_id"]) == (Tag.RELEASE_WITHDRAWN, "ana", "agent")
    with pytest.raises(WrongState, match="Release 1 is candidate, not submitted"):
        publishing.withdraw(tenant, "ana", "release")
    publishing.submit(tenant, "ana", "release")
    approval.consent(tenant, "bo", "release")
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED
    assert [release.id for release in publishing.waiting(tenant, "cy")] == ["release"]


@pytest.mark.parametrize("who", ["bo", "cy", "gus", "stranger"])
def test_only_its_owner_takes_a_submission_back(tenant, submitted, who):
    with pytest.raises(NotAllowed):
        publishing.withdraw(tenant, who, "release")
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED


def test_what_was_decided_is_not_taken_back(tenant, submitted):
    publishing.approve(tenant, "cy", "release")
    with pytest.raises(WrongState, match="Release 1 is live, not submitted"):
        publishing.withdraw(tenant, "ana", "release")
    assert state_of(tenant, "release") == ReleaseState.LIVE


def test_a_release_that_nobody_may_decide_on_is_taken_back_and_the_agent_deleted(tenant, submitted):
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.hand_over("cy")
        agent.hand_over("dee")
        session.add(agent)
    for act in (publishing.approve, lambda *of: publishing.reject(of[0], of[1], of[2], "No.")):
        for who in ("cy", "dee"):
            with pytest.raises(NotAllowed):
                act(tenant, who, "release")
    with pytest.raises(WrongState, match="Its owner can take it back"):
        erasure.erase_agent(tenant, "dee", "agent")
    publishing.withdraw(tenant, "dee", "release")
    assert erasure.erase_agent(tenant, "dee", "agent").rows["releases"] == 1


def test_a_word_that_was_taken_back_contradicts_no_word_after_it(tenant, submitted, tmp_path):
    keep(tenant.store, Policy(data_owner_ids=["bo", "cy"]))
    approval.consent(tenant, "cy", "release")
    for withdraw in (False, True):
        if withdraw:
            publishing.withdraw(tenant, "ana", "release")
            policy.change(tenant, "dee", {"data_owner_ids": ""})
            publishing.submit(tenant, "ana", "release")
            publishing.approve(tenant, "cy", "release")
        pack = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "no anchors")
        assert evidence_check.objections(pack.path) == []
    assert state_of(tenant, "release") == ReleaseState.LIVE


def test_approving_makes_it_live_for_its_audience(tenant, submitted):
    assert available(tenant, "bo") == []
    publishing.approve(tenant, "cy", "release", "Good.")
    assert [agent.id for agent in available(tenant, "bo")] == ["agent"]
    assert available(tenant, "gus") == []
    assert open_notices(tenant) == {(NoticeKind.RELEASE_APPROVED, "ana")}
    with tenant.store.reading() as session:
        (decision,) = releases.decisions(session, "release")
        assert (decision.decision, decision.decided_by, decision.reason) == ("approved", "cy", "Good.")
        assert [event.tag for event in audit.events(session, "release")] == [
            Tag.RELEASE_SUBMITTED,
            Tag.RELEASE_APPROVED,
        ]
        assert audit.first_broken_link(session) is None


def test_the_release_before_gives_way(tenant, submitted):
    publishing.approve(tenant, "cy", "release")
    keep(tenant.store, make_release(id="next", run_id="next", number=2), make_run(id="next", state=RunState.READY))
    publishing.submit(tenant, "ana", "next")
    publishing.approve(tenant, "dee", "next")
    assert (state_of(tenant, "release"), state_of(tenant, "next")) == (ReleaseState.SUPERSEDED, ReleaseState.LIVE)
    with tenant.store.reading() as session:
        assert agents.get(session, "agent").live_release_id == "next"


def test_a_second_admin_reads_who_was_first(tenant, submitted):
    publishing.reject(tenant, "cy", "release", "Too thin.")
    with pytest.raises(WrongState, match="Cy has already rejected release 1"):
        publishing.approve(tenant, "dee", "release")
    with pytest.raises(WrongState, match="Cy has already rejected"):
        publishing.reject(tenant, "dee", "release", "Me too.")
    assert open_notices(tenant) == {(NoticeKind.RELEASE_REJECTED, "ana")}


def test_a_candidate_has_to_be_submitted_first(tenant):
    keep(tenant.store, make_agent(), make_release())
    with pytest.raises(WrongState, match="is not submitted"):
        publishing.approve(tenant, "cy", "release")
    assert state_of(tenant, "release") == ReleaseState.CANDIDATE


@pytest.mark.parametrize("who", ["ana", "bo", "gus", "stranger"])
def test_nobody_but_another_admin_decides(tenant, submitted, who):
    for decide in (
        lambda: publishing.approve(tenant, who, "release"),
        lambda: publishing.reject(tenant, who, "release", "No."),
        lambda: publishing.revoke(tenant, who, "agent", "No."),
    ):
        with pytest.raises(NotAllowed):
            decide()
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED
    with tenant.store.reading() as session:
        refused = [*audit.events(session, "release"), *audit.events(session, "agent")]
    assert [event.actor_id for event in refused if event.tag == Tag.ACCESS_REFUSED] == [who] * 3


def test_an_only_admin_cannot_publish_their_own_agent(tenant):
    keep(tenant.store, make_agent(owner_id="dee"), make_release())
    with pytest.raises(WrongState, match="no other admin"):
        publishing.submit(replace(tenant, admin_group_id="deputies"), "dee", "release")


def test_a_rejection_and_a_revocation_need_a_reason(tenant, submitted):
    for reason in ("", "  "):
        with pytest.raises(InvalidInput, match="Say why"):
            publishing.reject(tenant, "cy", "release", reason)
        with pytest.raises(InvalidInput, match="Say why"):
            publishing.revoke(tenant, "cy", "agent", reason)


def test_revoking_stops_the_answers_at_once(tenant, submitted):
    with pytest.raises(WrongState, match="no live release"):
        publishing.revoke(tenant, "cy", "agent", "Wrong numbers.")
    publishing.approve(tenant, "cy", "release")
    publishing.revoke(tenant, "cy", "agent", "Wrong numbers.")
    assert available(tenant, "bo") == []
    assert state_of(tenant, "release") == ReleaseState.REVOKED
    assert (NoticeKind.RELEASE_REVOKED, "ana") in open_notices(tenant)


def test_people_hear_once_that_their_correction_is_live(tenant):
    def correction(feedback_id, person_id):
        row = Feedback(id=feedback_id, agent_id="agent", answer_id=feedback_id, person_id=person_id, question="?")
        row.accept("ana", "May I fly?", "Yes.")
        return row

    def learned(dataset_id, *feedback_ids):
        return [
            Example(
                dataset_id=dataset_id, split=Split.TRAIN, origin=Origin.CORRECTION, completion="Yes.", feedback_id=key
            )
            for key in feedback_ids
        ]

    keep(
        tenant.store,
        make_agent(),
        correction("first", "bo"),
        correction("second", "cy"),
        make_run(state=RunState.READY, dataset_id="one"),
        make_run(id="later", state=RunState.READY, dataset_id="two"),
        make_release(state=ReleaseState.SUBMITTED),
        make_release(id="next", run_id="later", number=2, state=ReleaseState.SUBMITTED),
        *learned("one", "first", None),
        *learned("two", "first", "second"),
    )
    publishing.approve(tenant, "cy", "release")
    assert (NoticeKind.FEEDBACK_LEARNED, "bo") in open_notices(tenant)
    publishing.approve(tenant, "dee", "next")
    assert open_notices(tenant) == {(NoticeKind.RELEASE_APPROVED, "ana"), (NoticeKind.FEEDBACK_LEARNED, "cy")}
    with tenant.store.reading() as session:
        assert feedback.get(session, "first").learned_in_run_id == "run"


def test_everybody_whose_correction_was_merged_reads_that_it_has_been_learned(tenant):
    people = ("bo", "cy", "gus")
    keep(tenant.store, make_agent(), *(make_answer(id=who, person_id=who) for who in people))
    given = [governed.give(tenant, who, who, correction=f"Yes, says {who}.").id for who in people]
    governed.merge(tenant, "ana", given[:2], "May I fly?", "Yes.")
    with tenant.store.reading() as session:
        (learned,) = feedback.to_learn(session, "agent")
    keep(
        tenant.store,
        make_run(state=RunState.READY, dataset_id="one"),
        make_release(state=ReleaseState.SUBMITTED),
        Example(dataset_id="one", split=Split.TRAIN, origin=Origin.CORRECTION, completion="", feedback_id=learned.id),
    )
    publishing.approve(tenant, "dee", "release")
    told = {who for kind, who in open_notices(tenant) if kind == NoticeKind.FEEDBACK_LEARNED}
    assert told == {"bo", "cy"}
    with tenant.store.reading() as session:
        assert {one.learned_in_run_id for one in feedback.accepted(session, "agent")} == {"run"}


@pytest.fixture
def three(tenant):
    """Three releases, each approved in turn; the third is live."""
    keep(tenant.store, make_agent())
    for number in (1, 2, 3):
        keep(tenant.store, make_run(id=f"run{number}", state=RunState.READY))
        keep(tenant.store, make_release(id=f"r{number}", run_id=f"run{number}", number=number))
        publishing.submit(tenant, "ana", f"r{number}")
        publishing.approve(tenant, "cy", f"r{number}")


def states(tenant):
    with tenant.store.reading() as session:
        live = agents.get(session, "agent").live_release_id
        return live, [one.state for one in reversed(releases.of_agent(session, "agent"))]


def test_rolling_back_goes_one_step_and_the_second_admin_reads_who_went_it(tenant, three):
    publishing.roll_back(tenant, "dee", "agent")
    assert states(tenant) == ("r2", [ReleaseState.SUPERSEDED, ReleaseState.LIVE, ReleaseState.SUPERSEDED])
    for number in (None, 2):
        with pytest.raises(WrongState, match="Dee has already rolled 'Travel' back to release 2"):
            publishing.roll_back(tenant, "cy", "agent", number)
    publishing.roll_back(tenant, "cy", "agent", 1)
    assert states(tenant)[0] == "r1"
    assert (NoticeKind.RELEASE_RESTORED, "ana") in open_notices(tenant)
    with tenant.store.reading() as session:
        assert audit.events(session, "r1")[-1].detail["supersedes"] == "r2"
        assert audit.first_broken_link(session) is None


def test_what_was_taken_back_or_never_was_cannot_return(tenant, three):
    publishing.revoke(tenant, "cy", "agent", "Wrong numbers.")
    with pytest.raises(WrongState, match="Release 3 is revoked"):
        publishing.roll_back(tenant, "dee", "agent", 3)
    with pytest.raises(WrongState, match="has not a release 9"):
        publishing.roll_back(tenant, "dee", "agent", 9)
    publishing.roll_back(tenant, "dee", "agent")
    assert states(tenant)[0] == "r2"


def test_a_retired_agent_answers_nobody_until_it_is_restored(tenant, three):
    publishing.retire(tenant, "ana", "agent", "The team has moved.")
    assert available(tenant, "bo") == []
    with pytest.raises(WrongState, match="Ana has already retired release 3"):
        publishing.revoke(tenant, "cy", "agent", "No.")
    publishing.roll_back(tenant, "cy", "agent")
    assert states(tenant)[0] == "r3"


@pytest.mark.parametrize("who", ["bo", "gus", "stranger", ""])
def test_nobody_else_retires_and_no_owner_rolls_back(tenant, three, who):
    with pytest.raises(NotAllowed):
        publishing.retire(tenant, who, "agent")
    for actor in (who, "ana"):
        with pytest.raises(NotAllowed):
            publishing.roll_back(tenant, actor, "agent")
    assert states(tenant)[0] == "r3"
