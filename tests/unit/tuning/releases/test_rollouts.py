"""A release that a share of people get first: who gets it, how it grows, and what ends it."""

from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run
from tests.fakes.people import FakePeople
from tests.unit.tuning.releases.test_publishing import open_notices, state_of
from tuning.domain.audit import Tag
from tuning.domain.conversations import Conversation
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.feedback import Feedback, Reaction
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import Decision, ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import feedback
from tuning.releases import erasure, evidence, evidence_check, publishing, rollouts
from tuning.store import agents, audit, releases, runs

STAFF = [f"person{number}" for number in range(60)]


@pytest.fixture
def tenant(tenant):
    """Sixty people may ask; release 1 is live, and release 2 is submitted."""
    people = FakePeople(
        people=["ana", "cy", "dee", "fay", *STAFF],
        groups={"staff": ["ana", *STAFF], "some": STAFF[:30], "admins": ["cy", "dee"]},
    )
    tenant = replace(tenant, people=people)
    keep(
        tenant.store,
        make_agent(live_release_id="old"),
        make_run(id="old", state=RunState.READY),
        make_release(id="old", run_id="old", state=ReleaseState.LIVE, live_at=now()),
        make_run(state=RunState.READY),
        make_release(number=2, state=ReleaseState.SUBMITTED),
    )
    return tenant


def agent_of(tenant):
    with tenant.store.reading() as session:
        return agents.get(session, "agent")


def who_gets(tenant):
    with tenant.store.reading() as session:
        agent = agents.get(session, "agent")
        return {who for who in STAFF if rollouts.release_for(session, tenant, agent, who).id == "release"}


def tags_of(tenant, subject_id="release"):
    with tenant.store.reading() as session:
        return [event.tag for event in audit.events(session, subject_id)]


def tally_of(tenant):
    with tenant.store.reading() as session:
        counted = rollouts.counts(session, releases.get(session, "release"))
    return counted.good, counted.rated, counted.live_good, counted.live_rated


def ask(tenant, who, *, release_id="", trial=None):
    """Give a person an answer of the release that is theirs, and return the answer's id."""
    with tenant.store.reading() as session:
        mine = rollouts.release_for(session, tenant, agents.get(session, "agent"), who).id
    answer = make_answer(id=f"{who}-{now().timestamp()}", person_id=who, release_id=release_id or mine)
    answer.conversation_id = f"talk-{answer.id}"
    talk = Conversation(id=answer.conversation_id, chat_id=answer.id, person_id=who, agent_id="agent", release_id=trial)
    keep(tenant.store, talk, answer)
    return answer.id


def rate(tenant, who, *, liked, answer_id=""):
    reaction = Reaction.LIKE if liked else Reaction.DISLIKE
    given = feedback.give(tenant, who, answer_id or ask(tenant, who), reaction=reaction)
    rollouts.rated(tenant, given)


def test_a_canary_answers_its_share_beside_the_live_release(tenant):
    rollouts.begin(tenant, "cy", "release", 30, "Carefully.")
    assert (state_of(tenant, "release"), state_of(tenant, "old")) == (ReleaseState.CANARY, ReleaseState.LIVE)
    assert 8 <= len(who_gets(tenant)) <= 28
    assert open_notices(tenant) == {(NoticeKind.RELEASE_APPROVED, "ana")}
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED]


def test_who_has_it_keeps_it_while_it_grows_and_at_the_end_all_have_it(tenant):
    rollouts.begin(tenant, "cy", "release", 10)
    shares = [who_gets(tenant)]
    for share in (40, 80, 100):
        rollouts.widen(tenant, "dee", "agent", share)
        shares.append(who_gets(tenant))
    assert shares[0] < shares[1] < shares[2] < shares[3] == set(STAFF)
    assert (state_of(tenant, "release"), state_of(tenant, "old")) == (ReleaseState.LIVE, ReleaseState.SUPERSEDED)
    assert (agent_of(tenant).live_release_id, agent_of(tenant).canary_release_id) == ("release", None)
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED, *[Tag.RELEASE_WIDENED] * 2, Tag.RELEASE_APPROVED]


def test_only_people_of_its_own_audience_get_it(tenant):
    with tenant.store.transaction() as session:
        release = releases.get(session, "release")
        release.audience = ["some"]
        session.add(release)
    rollouts.begin(tenant, "cy", "release", 99)
    assert who_gets(tenant) <= set(STAFF[:30])
    outsider = STAFF[40]
    rate(tenant, outsider, liked=False)
    assert tally_of(tenant) == (0, 0, 0, 0)


@pytest.mark.parametrize("share", [0, 100, 400])
def test_a_share_is_a_part(tenant, share):
    with pytest.raises(InvalidInput, match="1 to 99 %"):
        rollouts.begin(tenant, "cy", "release", share)
    assert state_of(tenant, "release") == ReleaseState.SUBMITTED


def test_it_takes_another_person_who_is_an_admin(tenant):
    for who in ("ana", "fay"):
        with pytest.raises(NotAllowed):
            rollouts.begin(tenant, who, "release", 10)
    rollouts.begin(tenant, "cy", "release", 10)
    for who in ("ana", "fay"):
        with pytest.raises(NotAllowed):
            rollouts.widen(tenant, who, "agent", 50)


def test_a_share_never_shrinks(tenant):
    rollouts.begin(tenant, "cy", "release", 50)
    with pytest.raises(WrongState, match="50 % of its audience already"):
        rollouts.widen(tenant, "dee", "agent", 50)


def test_without_a_live_release_there_is_nothing_to_compare_with(tenant):
    publishing.retire(tenant, "ana", "agent")
    with pytest.raises(WrongState, match="approve it for all"):
        rollouts.begin(tenant, "cy", "release", 10)


def test_one_canary_at_a_time(tenant):
    rollouts.begin(tenant, "cy", "release", 10)
    keep(tenant.store, make_run(id="r3"), make_release(id="third", run_id="r3", number=3, state=ReleaseState.SUBMITTED))
    for act in (publishing.approve, lambda tenant, who, release_id: rollouts.begin(tenant, who, release_id, 10)):
        with pytest.raises(WrongState, match="Release 2 of 'Travel' answers 10 % of its audience"):
            act(tenant, "dee", "third")
    with pytest.raises(WrongState, match="Release 2"):
        publishing.roll_back(tenant, "dee", "agent", 1)


def test_a_canary_that_people_rate_worse_is_rolled_back_by_itself_with_the_numbers(tenant, tmp_path):
    rollouts.begin(tenant, "cy", "release", 40)
    chosen = who_gets(tenant)
    for liked, disliked in zip(sorted(set(STAFF) - chosen), sorted(chosen), strict=False):
        rate(tenant, liked, liked=True)
        if state_of(tenant, "release") == ReleaseState.CANARY:
            rate(tenant, disliked, liked=False)
    assert (state_of(tenant, "release"), state_of(tenant, "old")) == (ReleaseState.REJECTED, ReleaseState.LIVE)
    assert who_gets(tenant) == set()
    with tenant.store.reading() as session:
        decision = releases.decisions(session, "release")[-1]
        assert releases.ratings(session, "release") == []
    assert (decision.decision, decision.decided_by) == (Decision.ROLLED_BACK, audit.WORKER)
    assert "Release 2: 0 of 7 people who rated it liked it (0 %). Release 1: 7 of 7" in decision.reason
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED, Tag.RELEASE_ROLLED_BACK]
    told = {who for kind, who in open_notices(tenant) if kind == NoticeKind.RELEASE_ROLLED_BACK}
    assert told == {"ana", "cy", "dee"}
    pack = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "no anchors")
    assert evidence_check.objections(pack.path) == []
    with pytest.raises(WrongState, match="Attune has already rolled back release 2"):
        publishing.roll_back(tenant, "cy", "agent")
    with pytest.raises(WrongState, match="Attune has already rolled back release 2"):
        rollouts.widen(tenant, "cy", "agent", 50)


def test_a_person_counts_once_with_their_first_word(tenant):
    rollouts.begin(tenant, "cy", "release", 50)
    has_it, has_not = min(who_gets(tenant)), min(set(STAFF) - who_gets(tenant))
    first = ask(tenant, has_it)
    rate(tenant, has_it, liked=True, answer_id=first)
    rate(tenant, has_it, liked=False, answer_id=first)
    for _ in range(3):
        rate(tenant, has_it, liked=False)
    rollouts.rated(tenant, feedback.give(tenant, has_not, ask(tenant, has_not), correction="Yes."))
    assert tally_of(tenant) == (1, 1, 0, 1)


def test_what_was_asked_before_or_on_trial_does_not_count(tenant):
    before = ask(tenant, STAFF[0])
    rollouts.begin(tenant, "cy", "release", 50)
    rate(tenant, STAFF[0], liked=False, answer_id=before)
    rate(tenant, "ana", liked=True, answer_id=ask(tenant, "ana", release_id="release", trial="release"))
    rollouts.rated(tenant, feedback.give(tenant, STAFF[1], ask(tenant, STAFF[1]), comment="Hm."))
    assert tally_of(tenant) == (0, 0, 0, 0)


def test_rolling_back_by_hand_ends_the_canary_and_one_step_only(tenant):
    rollouts.begin(tenant, "cy", "release", 50)
    assert publishing.roll_back(tenant, "dee", "agent").id == "release"
    assert (state_of(tenant, "release"), state_of(tenant, "old")) == (ReleaseState.REJECTED, ReleaseState.LIVE)
    with pytest.raises(WrongState, match="Dee has already rolled back release 2"):
        publishing.roll_back(tenant, "cy", "agent")


def test_when_the_live_release_is_stopped_nobody_gets_the_canary_and_it_waits_again(tenant):
    rollouts.begin(tenant, "cy", "release", 50)
    rate(tenant, STAFF[0], liked=True)
    publishing.revoke(tenant, "cy", "agent", "No.")
    assert (state_of(tenant, "old"), state_of(tenant, "release")) == (ReleaseState.REVOKED, ReleaseState.SUBMITTED)
    assert (agent_of(tenant).live_release_id, agent_of(tenant).canary_release_id) == (None, None)
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED, Tag.RELEASE_RETURNED]
    publishing.approve(tenant, "dee", "release")
    assert who_gets(tenant) == set(STAFF)


def test_what_waits_again_its_owner_can_take_back(tenant):
    rollouts.begin(tenant, "cy", "release", 50)
    publishing.revoke(tenant, "cy", "agent", "No.")
    publishing.withdraw(tenant, "ana", "release")
    assert state_of(tenant, "release") == ReleaseState.CANDIDATE
    assert {kind for kind, _who in open_notices(tenant)}.isdisjoint({NoticeKind.RELEASE_SUBMITTED})


def test_when_an_agent_is_retired_its_canary_is_its_owners_again_and_nobody_is_asked_to_publish_it(tenant, tmp_path):
    rollouts.begin(tenant, "cy", "release", 50)
    rate(tenant, STAFF[0], liked=True)
    publishing.retire(tenant, "ana", "agent")
    assert (state_of(tenant, "old"), state_of(tenant, "release")) == (ReleaseState.RETIRED, ReleaseState.CANDIDATE)
    assert not agent_of(tenant).is_serving
    assert tags_of(tenant) == [Tag.RELEASE_APPROVED, Tag.RELEASE_WITHDRAWN]
    assert {kind for kind, _who in open_notices(tenant)} == {NoticeKind.RELEASE_APPROVED}
    assert publishing.waiting(tenant, "dee") == []
    with tenant.store.reading() as session:
        assert (releases.get(session, "release").share, releases.ratings(session, "release")) == (0, [])
    with pytest.raises(WrongState, match="is not submitted"):
        publishing.approve(tenant, "dee", "release")
    publishing.submit(tenant, "ana", "release")
    publishing.approve(tenant, "dee", "release")
    assert who_gets(tenant) == set(STAFF)
    pack = evidence.write(tenant, "release", tmp_path / "pack.zip", tmp_path / "no anchors")
    assert evidence_check.objections(pack.path) == []


def test_erasing_a_person_erases_their_rating(tenant):
    rollouts.begin(tenant, "cy", "release", 50)
    rate(tenant, STAFF[0], liked=True)
    receipt = erasure.erase_person(tenant, "cy", STAFF[0])
    assert receipt.rows["ratings"] == 1
    assert tally_of(tenant) == (0, 0, 0, 0)
    assert state_of(tenant, "release") == ReleaseState.CANARY


@pytest.mark.parametrize(
    ("taught", "states"),
    [
        ("run", (ReleaseState.LIVE, ReleaseState.SUSPENDED)),
        ("old", (ReleaseState.SUSPENDED, ReleaseState.SUBMITTED)),
    ],
)
def test_erasing_what_either_release_learned_ends_the_canary(tenant, taught, states):
    said = Feedback(agent_id="agent", answer_id="a", person_id=STAFF[0], question="?", correction="Yes.")
    learned = Example(
        dataset_id="data", split=Split.TRAIN, origin=Origin.CORRECTION, completion="Yes.", feedback_id=said.id
    )
    keep(tenant.store, said, Dataset(id="data", agent_id="agent"), learned)
    with tenant.store.transaction() as session:
        run = runs.get(session, taught)
        run.dataset_id = "data"
        session.add(run)
    rollouts.begin(tenant, "cy", "release", 50)
    erasure.erase_person(tenant, "cy", STAFF[0])
    assert (state_of(tenant, "old"), state_of(tenant, "release")) == states
    assert agent_of(tenant).canary_release_id is None
