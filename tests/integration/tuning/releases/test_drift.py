"""What becomes of releases with their documents, on both databases: told once, suspended where that is policy."""

import pytest
from sqlmodel import select

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source, make_tenant
from tuning.domain.audit import Tag
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.documents import Document
from tuning.domain.drift import Drift
from tuning.domain.errors import WrongState
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.domain.releases import ReleaseState
from tuning.governance import agents as governed_agents
from tuning.governance import policy
from tuning.releases import drift, publishing, rollouts, watch
from tuning.store import agents, audit, documents, releases, runs

HASHES = {"hotels": "h1", "trains": "t1", "bands": "b1"}


def version(number, state, *, agent_id="agent", hashes=None, parent=None, **values):
    """The rows of a release with its run and dataset."""
    return (
        Dataset(id=f"d{number}", agent_id=agent_id, sha256="d" * 64, document_hashes=hashes or HASHES),
        make_run(
            id=f"run{number}", agent_id=agent_id, dataset_id=f"d{number}", parent_release_id=parent, state="ready"
        ),
        make_release(id=f"r{number}", run_id=f"run{number}", agent_id=agent_id, number=number, state=state, **values),
    )


@pytest.fixture
def tenant(store, tmp_path):
    """Ana's agent for all staff is live with what it learned from three documents that everybody may read."""
    keep(store, make_agent(live_release_id="r1"), make_source(), *version(1, ReleaseState.LIVE))
    with store.transaction() as session:
        for title in ("Hotels", "Trains", "Bands"):
            documents.save(session, make_document(title, sha256=HASHES[title.lower()]))
    return make_tenant(store, tmp_path)


def change(tenant, document_id, **values):
    with tenant.store.transaction() as session:
        document = documents.get(session, document_id)
        for name, value in values.items():
            setattr(document, name, value)
        documents.save(session, document)


def found(tenant, release_id="r1"):
    with tenant.store.reading() as session:
        return session.get(Drift, release_id)


def state(tenant, release_id="r1"):
    with tenant.store.reading() as session:
        return releases.get(session, release_id).state


def told(tenant, state=NoticeState.PENDING):
    with tenant.store.reading() as session:
        query = select(Notice).where(Notice.kind == NoticeKind.RELEASE_DRIFTED, Notice.state == state)
        return sorted((notice.person_id, notice.subject_id) for notice in session.exec(query))


def tags(tenant, subject_id="r1"):
    with tenant.store.reading() as session:
        assert audit.first_broken_link(session) is None
        return [event.tag for event in audit.events(session, subject_id)]


def test_changed_and_deleted_documents_make_a_release_stale_and_nobody_is_called(tenant):
    change(tenant, "hotels", sha256="h2")
    with tenant.store.transaction() as session:
        documents.mark_deleted(session, "source", keep={"hotels.md", "bands.md"})
    watch.compare(tenant)
    now_ = found(tenant)
    assert (now_.learned, now_.changed, now_.deleted, now_.lost) == (3, 1, 1, {})
    assert state(tenant) == ReleaseState.LIVE
    assert told(tenant) == tags(tenant) == []


def test_a_document_that_was_erased_counts_as_deleted(tenant):
    with tenant.store.transaction() as session:
        session.delete(session.get(Document, "bands"))
    watch.compare(tenant)
    assert (found(tenant).deleted, found(tenant).lost) == (1, {})


def test_who_lost_which_document_is_told_once_and_withdrawn_when_they_may_read_it_again(tenant):
    change(tenant, "bands", readers=["leads", "ana"])
    watch.compare(tenant)
    assert found(tenant).lost == {"bands": ["staff"]}
    assert state(tenant) == ReleaseState.LIVE
    everybody = [("ana", "r1"), ("cy", "r1"), ("dee", "r1")]
    assert told(tenant) == everybody
    watch.compare(tenant)
    change(tenant, "bands", readers=["ana"])  # still the same that staff lost
    watch.compare(tenant)
    assert told(tenant) == everybody
    assert tags(tenant) == [Tag.RELEASE_DRIFTED]

    change(tenant, "bands", readers=["organisation"])
    watch.compare(tenant)
    assert told(tenant) == []
    assert told(tenant, NoticeState.SETTLED) == everybody
    assert tags(tenant) == [Tag.RELEASE_DRIFTED, Tag.RELEASE_REALIGNED]

    change(tenant, "bands", readers=[])
    watch.compare(tenant)
    assert found(tenant).lost == {"bands": ["staff", "ana"]}
    assert told(tenant) == everybody  # it is another event


def test_a_list_that_could_not_be_read_once_stops_nothing_and_the_next_sync_decides(tenant):
    policy.change(tenant, "cy", {"drift_action": "suspend"})
    change(tenant, "bands", readers=[], unknown_syncs=1)
    watch.compare(tenant)
    assert (found(tenant).lost, state(tenant)) == ({}, ReleaseState.LIVE)

    change(tenant, "bands", unknown_syncs=2)
    watch.compare(tenant)
    assert (found(tenant).lost, state(tenant)) == ({"bands": ["staff", "ana"]}, ReleaseState.SUSPENDED)


def test_another_document_that_is_lost_is_another_event_and_the_first_is_told_no_more(tenant):
    change(tenant, "bands", readers=["ana"])
    watch.compare(tenant)
    change(tenant, "trains", readers=["ana"])
    watch.compare(tenant)
    assert len(told(tenant)) == len(told(tenant, NoticeState.SETTLED)) == 3
    assert tags(tenant) == [Tag.RELEASE_DRIFTED] * 2


def test_a_group_taken_out_of_the_one_that_may_read_is_drift_without_any_change_to_the_documents(tenant):
    for title in HASHES:
        change(tenant, title, readers=["everyone"])
    tenant.people._groups = {**tenant.people._groups, "everyone": ["staff", "ana"]}
    watch.compare(tenant)
    assert found(tenant).lost == {}
    tenant.people._groups["everyone"] = ["ana"]
    watch.compare(tenant)
    assert found(tenant).lost == {title: ["staff"] for title in HASHES}


def test_who_is_not_in_the_directory_any_more_has_lost_nothing(tenant):
    tenant.people._groups = {key: who for key, who in tenant.people._groups.items() if key != "staff"}
    watch.compare(tenant)
    assert found(tenant).lost == {}


def test_where_the_policy_suspends_the_release_stops_with_its_canary_and_all_are_told_once(tenant):
    keep(tenant.store, *version(2, ReleaseState.CANARY, share=10))
    with tenant.store.transaction() as session:
        agent = agents.get_for_update(session, "agent")
        agent.canary_release_id = "r2"
        session.add(agent)
    policy.change(tenant, "cy", {"drift_action": "suspend"})
    change(tenant, "bands", readers=["ana"])
    watch.compare(tenant)
    assert (state(tenant), state(tenant, "r2")) == (ReleaseState.SUSPENDED, ReleaseState.SUBMITTED)
    with tenant.store.reading() as session:
        agent = agents.get(session, "agent")
        (event,) = [one for one in audit.events(session, "r1") if one.tag == Tag.RELEASE_SUSPENDED]
    assert (agent.live_release_id, agent.canary_release_id) == (None, None)
    assert "may no longer read" in event.detail["reason"]
    assert [release_id for who, release_id in told(tenant) if who == "ana"] == ["r1", "r2"]
    watch.compare(tenant)
    assert len(told(tenant)) == 6
    assert tags(tenant) == [Tag.RELEASE_DRIFTED, Tag.RELEASE_SUSPENDED]
    with pytest.raises(WrongState, match=r"documents? that not all of its audience may read"):
        publishing.approve(tenant, "cy", "r2")
    assert state(tenant, "r2") == ReleaseState.SUBMITTED
    change(tenant, "bands", readers=["organisation"])
    publishing.approve(tenant, "cy", "r2")
    assert state(tenant, "r2") == ReleaseState.LIVE


def test_a_policy_that_becomes_stricter_holds_at_the_next_sync(tenant):
    change(tenant, "bands", readers=["ana"])
    watch.compare(tenant)
    policy.change(tenant, "cy", {"drift_action": "suspend"})
    watch.compare(tenant)
    assert state(tenant) == ReleaseState.SUSPENDED
    assert len(told(tenant)) == 3
    assert tags(tenant) == [Tag.RELEASE_DRIFTED, Tag.RELEASE_SUSPENDED]


def test_where_the_policy_suspends_nothing_drifted_goes_live_or_comes_back(tenant):
    keep(tenant.store, *version(2, ReleaseState.SUPERSEDED), *version(3, ReleaseState.SUBMITTED))
    change(tenant, "bands", readers=["ana"])
    policy.change(tenant, "cy", {"drift_action": "suspend"})
    for refused in (
        lambda: publishing.approve(tenant, "cy", "r3"),
        lambda: rollouts.begin(tenant, "cy", "r3", 10),
        lambda: publishing.roll_back(tenant, "cy", "agent", 2),
    ):
        with pytest.raises(WrongState, match="not all of its audience may read any more"):
            refused()
    assert (state(tenant), state(tenant, "r2")) == (ReleaseState.LIVE, ReleaseState.SUPERSEDED)
    assert Tag.ACT_REFUSED in tags(tenant, "r3")
    policy.change(tenant, "cy", {"drift_action": "warn"})
    assert publishing.approve(tenant, "cy", "r3").state == ReleaseState.LIVE


def test_one_that_waits_for_a_decision_is_compared_and_one_that_is_superseded_is_forgotten(tenant):
    keep(tenant.store, *version(2, ReleaseState.SUBMITTED), *version(3, ReleaseState.CANDIDATE))
    change(tenant, "bands", readers=["ana"])
    watch.compare(tenant)
    assert found(tenant, "r2").lost
    assert found(tenant, "r3") is None
    publishing.approve(tenant, "cy", "r2")
    watch.compare(tenant)
    assert found(tenant) is None
    assert {release_id for _, release_id in told(tenant)} == {"r2"}


def test_what_the_adapter_saw_in_an_earlier_run_counts_for_who_may_read_not_for_staleness(tenant):
    hashes = {"hotels": "h1"}
    keep(
        tenant.store,
        *version(2, ReleaseState.SUBMITTED, hashes=hashes, parent="r1"),
        *version(3, ReleaseState.SUBMITTED, hashes=hashes, parent="r1", base_sha256="other"),
    )
    change(tenant, "bands", readers=["ana"], sha256="b2")
    watch.compare(tenant)
    assert (found(tenant, "r2").lost, found(tenant, "r2").changed) == ({"bands": ["staff"]}, 0)
    assert found(tenant, "r3").lost == {}  # on another base model nothing is continued


@pytest.mark.parametrize("what", ["drift", "a wider audience"])
def test_a_run_begins_anew_where_what_it_would_continue_saw_what_not_all_may_read(tenant, what):
    if what == "drift":
        change(tenant, "bands", readers=["ana"])
    else:
        assert (
            governed_agents.configure(tenant, "ana", "agent", audience=["staff", "partners"]).audience[1] == "partners"
        )
    run = make_run(id="next", parent_release_id="r1")
    keep(tenant.store, run)
    drift.begin_anew_if_needed(tenant, run)
    with tenant.store.reading() as session:
        assert runs.get(session, "next").parent_release_id is None
        (event,) = audit.events(session, "next")
    assert (event.tag, event.detail["parent"]) == (Tag.RUN_BEGAN_ANEW, "r1")
    assert event.detail["documents"] == (["bands"] if what == "drift" else sorted(HASHES))


def holdout(**values):
    return Example(dataset_id="next", split=Split.HOLDOUT, completion="100 euros", **values)


@pytest.mark.parametrize(
    ("held", "is_anew"),
    [
        (holdout(origin=Origin.OWNER, question="What is the limit for hotels?", document_id="hotels"), True),
        (holdout(origin=Origin.OWNER, question="Who pays for the bands?", document_id="bands"), False),
        (holdout(origin=Origin.WRITTEN, question="Who pays for the bands?", document_id="bands"), True),
        (holdout(origin=Origin.WRITTEN, question="What is the limit for hotels?", document_id="boats"), False),
        (holdout(origin=Origin.PAIR, document_id="hotels", detail={"document_ids": ["hotels", "bands"]}), True),
        (holdout(origin=Origin.PAIR, document_id="bands", detail={"document_ids": ["bands", "hotels"]}), False),
    ],
)
def test_a_run_continues_nothing_that_was_trained_on_what_it_is_measured_with(tenant, held, is_anew):
    asked = Example(
        dataset_id="d1", split=Split.TRAIN, origin=Origin.LIST, question="What is the limit for hotels", completion="9"
    )
    written = Example(
        dataset_id="d1", split=Split.TRAIN, origin=Origin.PAIR, completion="9", detail={"document_ids": ["x", "bands"]}
    )
    run = make_run(id="next", parent_release_id="r1", dataset_id="next")
    dataset = Dataset(id="next", agent_id="agent", sha256="e")
    keep(tenant.store, run, dataset, asked, written, Example(**held.model_dump()))
    drift.begin_anew_if_it_has_learned_the_hold_out(tenant, run)
    with tenant.store.reading() as session:
        assert (runs.get(session, "next").parent_release_id is None) == is_anew
        assert [event.tag for event in audit.events(session, "next")] == [Tag.RUN_BEGAN_ANEW] * is_anew


def test_a_run_goes_on_from_what_everybody_may_read(tenant):
    run = make_run(id="next", parent_release_id="r1")
    keep(tenant.store, run)
    drift.begin_anew_if_needed(tenant, run)
    with tenant.store.reading() as session:
        assert runs.get(session, "next").parent_release_id == "r1"
        assert not audit.events(session, "next")


def test_a_wider_audience_asks_the_live_release_no_sooner_than_a_run_has_checked_it(tenant):
    governed_agents.configure(tenant, "ana", "agent", audience=["staff", "partners"])
    assert [agent.id for agent in governed_agents.available(tenant, "bo")] == ["agent"]
    assert governed_agents.available(tenant, "gus") == []
    with tenant.store.reading() as session:
        coverage = governed_agents.agent_coverage(tenant, agents.get(session, "agent"))
    assert [one.reason for one in coverage.exclusions] == ["Not readable by Partners."] * 3
