"""Admins who press at the same moment, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run, make_tenant
from tests.fakes.people import FakePeople
from tuning.domain.audit import Tag
from tuning.domain.conversations import Conversation
from tuning.domain.errors import WrongState
from tuning.domain.feedback import Reaction
from tuning.domain.fields import now
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import feedback
from tuning.releases import approval, publishing, rollouts
from tuning.releases import runs as lifecycle
from tuning.store import agents, audit, releases, runs


def all_at_once(acts):
    barrier = threading.Barrier(len(acts))

    def run(act):
        barrier.wait()
        try:
            return act()
        except WrongState as error:
            return error.sentence

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_many_decisions_at_once_one_counts_and_the_others_read_whose(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(store, make_agent(), make_run(state=RunState.READY), make_release(state=ReleaseState.SUBMITTED))
    results = all_at_once(
        [
            lambda: publishing.approve(tenant, "cy", "release"),
            lambda: publishing.reject(tenant, "dee", "release", "No."),
            lambda: publishing.approve(tenant, "dee", "release"),
            lambda: publishing.reject(tenant, "cy", "release", "No."),
        ]
    )
    with store.reading() as session:
        (decision,) = releases.decisions(session, "release")
        is_live = agents.get(session, "agent").live_release_id == "release"
        assert audit.first_broken_link(session) is None
        assert [event.tag for event in audit.events(session, "release")].count(Tag.ACT_REFUSED) == 3
    assert is_live == (decision.decision == "approved")
    told = [result for result in results if isinstance(result, str)]
    assert told == [f"{decision.decided_by.title()} has already {decision.decision} release 1."] * 3


def test_of_several_releases_approved_at_once_the_newest_is_live_whichever_was_approved_last(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(
        store,
        make_agent(),
        *(make_run(id=f"run{number}", state=RunState.READY) for number in range(4)),
        *(
            make_release(id=f"r{number}", run_id=f"run{number}", number=number, state=ReleaseState.SUBMITTED)
            for number in range(4)
        ),
    )
    all_at_once([lambda number=number: publishing.approve(tenant, "cy", f"r{number}") for number in range(4)])
    with store.reading() as session:
        states = {release.id: release.state for release in releases.of_agent(session, "agent")}
        live = agents.get(session, "agent").live_release_id
        assert audit.first_broken_link(session) is None
    assert states.pop("r3") == ReleaseState.LIVE
    assert live == "r3"
    assert set(states.values()) <= {ReleaseState.SUPERSEDED, ReleaseState.SUBMITTED}


def test_a_run_started_twice_at_once_is_one_run(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(store, make_agent())
    results = all_at_once([lambda: lifecycle.start(tenant, "ana", "agent")] * 4)
    with store.reading() as session:
        assert [run.id for run in runs.of_agent(session, "agent")] == list({result.id for result in results})


def keep_live_and_submitted(store):
    """Put an agent into the store with a live release 'old', and a newer 'release' that waits for a decision."""
    keep(
        store,
        make_agent(live_release_id="old"),
        make_run(id="old", state=RunState.READY),
        make_release(id="old", run_id="old", state=ReleaseState.LIVE, live_at=now()),
        make_run(state=RunState.READY),
        make_release(number=2, state=ReleaseState.SUBMITTED),
    )


def test_of_fifty_admins_at_once_one_decides_one_revokes_and_one_rolls_back(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep_live_and_submitted(store)
    for act, tag, told in (
        (lambda who: publishing.approve(tenant, who, "release"), Tag.RELEASE_APPROVED, "has already approved"),
        (lambda who: publishing.revoke(tenant, who, "agent", "No."), Tag.RELEASE_REVOKED, "has already revoked"),
        (lambda who: publishing.roll_back(tenant, who, "agent"), Tag.RELEASE_RESTORED, "has already rolled"),
    ):
        results = all_at_once([lambda who=who, act=act: act(who) for who in ["cy", "dee"] * 25])
        with store.reading() as session:
            (event,) = [one for one in audit.chain(session) if one.tag == tag]
        refused = [result for result in results if isinstance(result, str)]
        assert len(refused) == 49
        assert {sentence.startswith(f"{event.actor_id.title()} {told}") for sentence in refused} == {True}
    with store.reading() as session:
        assert agents.get(session, "agent").live_release_id == "old"
        assert sum(one.tag == Tag.ACT_REFUSED for one in audit.chain(session)) == 3 * 49
        assert audit.first_broken_link(session) is None


@pytest.fixture
def rollout(store, tmp_path):
    """An organisation whose fifty people like what is live, and not the canary, which half of them get."""
    people = [f"person{number}" for number in range(50)]
    directory = FakePeople(people=["ana", "cy", "dee", *people], groups={"staff": people, "admins": ["cy", "dee"]})
    tenant = replace(make_tenant(store, tmp_path), people=directory)
    keep_live_and_submitted(store)
    rollouts.begin(tenant, "cy", "release", 50)
    return tenant, [_judged(tenant, who) for who in people]


def _judged(tenant, who):
    with tenant.store.reading() as session:
        release = rollouts.release_for(session, tenant, agents.get(session, "agent"), who)
    talk = Conversation(id=f"talk-{who}", chat_id=who, person_id=who, agent_id="agent")
    keep(tenant.store, talk, make_answer(id=who, conversation_id=talk.id, person_id=who, release_id=release.id))
    return feedback.give(tenant, who, who, reaction=Reaction.LIKE if release.id == "old" else Reaction.DISLIKE)


def test_of_fifty_ratings_at_once_one_rolls_the_canary_back(store, rollout):
    tenant, given = rollout
    all_at_once([lambda one=one: rollouts.rated(tenant, one) for one in given])
    with store.reading() as session:
        assert agents.get(session, "agent").canary_release_id is None
        assert releases.get(session, "release").state == ReleaseState.REJECTED
        assert [one.decision for one in releases.decisions(session, "release")] == ["approved", "rolled back"]
        assert [event.tag for event in audit.events(session, "release")].count(Tag.RELEASE_ROLLED_BACK) == 1
        assert releases.ratings(session, "release") == []
        assert audit.first_broken_link(session) is None


def test_of_raters_and_admins_at_once_one_ends_the_canary_and_the_admins_read_who(store, rollout):
    tenant, given = rollout
    admins = ["cy", "dee"] * 3
    results = all_at_once(
        [
            *(lambda one=one: rollouts.rated(tenant, one) for one in given),
            *(lambda who=who: rollouts.widen(tenant, who, "agent", 100) for who in admins),
            *(lambda who=who: publishing.roll_back(tenant, who, "agent") for who in admins),
        ]
    )
    with store.reading() as session:
        _begun, *ends = releases.decisions(session, "release")
        tags = [event.tag for event in audit.events(session, "release")]
        assert agents.get(session, "agent").canary_release_id is None
        assert audit.first_broken_link(session) is None
    assert ends[0].decision in {"approved", "rolled back"}
    assert tags.count(Tag.RELEASE_APPROVED) + tags.count(Tag.RELEASE_ROLLED_BACK) == 2
    assert len([result for result in results if isinstance(result, str)]) >= len(admins)


FIFTY = 50
"""People at once, each of whom approves, agrees, rates a canary and revokes."""


@pytest.fixture
def busy(store, tmp_path):
    """Three agents: of one a release waits for two words, of one a canary is rated, and one is live."""
    people = [f"person{number}" for number in range(FIFTY)]
    directory = FakePeople(
        people=["ana", "cy", "dee", "ida", "jo", *people],
        groups={"staff": people, "admins": ["cy", "dee"], "stewards": ["ida", "jo"]},
    )
    tenant = replace(make_tenant(store, tmp_path), people=directory)
    keep(store, Policy(data_owner_ids=["stewards"]))
    keep_live_and_submitted(store)
    keep(
        store,
        make_agent(id="two", name="Two"),
        make_run(id="two", agent_id="two", state=RunState.READY),
        make_release(id="waits", agent_id="two", run_id="two", state=ReleaseState.SUBMITTED),
        make_agent(id="three", name="Three", live_release_id="ends"),
        make_run(id="three", agent_id="three", state=RunState.READY),
        make_release(id="ends", agent_id="three", run_id="three", state=ReleaseState.LIVE, live_at=now()),
    )
    rollouts.begin(tenant, "cy", "release", 50)
    approval.consent(tenant, "ida", "release")
    return tenant, [_judged(tenant, who) for who in people]


def test_of_fifty_people_who_do_everything_at_once_each_act_counts_once_and_the_chain_holds(store, busy):
    tenant, given = busy

    def acts(number):
        admin, data_owner = ("cy", "dee")[number % 2], ("ida", "jo")[number % 2]
        mine = [
            lambda: publishing.approve(tenant, admin, "waits"),
            lambda: approval.consent(tenant, data_owner, "waits"),
            lambda: rollouts.rated(tenant, given[number]),
            lambda: publishing.revoke(tenant, admin, "three", "No."),
        ]
        for act in mine[number % 4 :] + mine[: number % 4]:
            with suppress(WrongState):
                act()

    all_at_once([lambda number=number: acts(number) for number in range(FIFTY)])
    with store.reading() as session:
        decided = {key: [one.decision for one in releases.decisions(session, key)] for key in ("waits", "ends")}
        ends = [one.decision for one in releases.decisions(session, "release")]
        live = {key: agents.get(session, key).live_release_id for key in ("agent", "two", "three")}
        tags = [event.tag for event in audit.chain(session)]
        assert audit.first_broken_link(session) is None
    assert sorted(decided["waits"]) == ["approved", "consented"]
    assert decided["ends"] == ["revoked"]
    assert ends == ["approved", "consented", "rolled back"]
    assert live == {"agent": "old", "two": "waits", "three": None}
    assert tags.count(Tag.ACT_REFUSED) == 3 * (FIFTY - 1)
