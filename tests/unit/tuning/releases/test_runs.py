from datetime import timedelta

import pytest

from tests.factories import keep, make_agent, make_release, make_run, make_source
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.fields import now
from tuning.domain.jobs import JobKind, JobState
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import grants
from tuning.releases import runs as lifecycle
from tuning.store import audit, jobs, runs


def test_a_run_is_queued_with_its_job_and_audited(tenant):
    keep(tenant.store, make_source(), make_agent(live_release_id="release"), make_release(state=ReleaseState.LIVE))
    run = lifecycle.start(tenant, "ana", "agent")
    assert (run.state, run.parent_release_id, run.folder) == (
        RunState.QUEUED,
        "release",
        str(tenant.artifacts / "runs" / run.id),
    )
    with tenant.store.transaction() as session:
        job = jobs.claim(session, "worker", now())
        assert job is not None
        assert (job.kind, job.subject_id) == (JobKind.RUN_TRAIN, run.id)
        assert [event.tag for event in audit.events(session, run.id)] == [Tag.RUN_STARTED]


def test_an_unfinished_agent_reads_all_that_is_missing(tenant):
    keep(tenant.store, make_agent(source_ids=[], questionnaire={"data": "Rules"}))
    with pytest.raises(InvalidInput, match=r"How are they organised.*Choose at least one source\."):
        lifecycle.start(tenant, "ana", "agent")


def test_an_agent_has_one_run_at_a_time(tenant):
    keep(tenant.store, make_agent())
    keep(tenant.store, make_run(id="first", created_at=now() - timedelta(minutes=3)))
    with pytest.raises(WrongState, match="already queued"):
        lifecycle.start(tenant, "ana", "agent")
    lifecycle.cancel(tenant, "ana", "first")
    assert lifecycle.start(tenant, "ana", "agent").id != "first"


def test_a_start_that_is_delivered_again_is_the_same_run(tenant):
    keep(tenant.store, make_agent())
    first = lifecycle.start(tenant, "ana", "agent")
    assert lifecycle.start(tenant, "ana", "agent").id == first.id
    with tenant.store.reading() as session:
        assert [event.tag for event in audit.events(session, first.id)] == [Tag.RUN_STARTED]


def test_who_was_granted_one_run_brings_it_to_its_end(tenant):
    keep(tenant.store, make_agent(owner_id="bo", audience=["bo"]), Policy(maker_ids=["leads"], tuner_ids=["leads"]))
    grants.give(tenant, "cy", "bo", "once")
    run = lifecycle.start(tenant, "bo", "agent", waits_for_labels=True)
    assert lifecycle.start(tenant, "bo", "agent").id == run.id
    with tenant.store.transaction() as session:
        waiting = runs.get_for_update(session, run.id)
        waiting.state = RunState.RUNNING
        waiting.wait_for_labels()
    assert lifecycle.go_on(tenant, "bo", run.id).state == RunState.QUEUED


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (Policy(is_tuning_on=False), "switched off"),
        (Policy(tuner_ids=["partners"]), "may not tune"),
        (Policy(base_models=["other"]), "doesn't allow the base model 'starter'"),
        (Policy(source_keys=["upload"]), "learn from 'Travel'"),
    ],
)
def test_what_the_policy_does_not_allow_starts_no_run(tenant, policy, sentence):
    keep(tenant.store, Policy(**policy.model_dump()), make_source(), make_agent())
    with pytest.raises(NotAllowed, match=sentence):
        lifecycle.start(tenant, "ana", "agent")
    with tenant.store.reading() as session:
        assert runs.open_run(session, "agent") is None


def test_the_policy_limits_runs_per_day(tenant):
    over = {"state": RunState.FAILED, "agent_id": "other"}
    keep(
        tenant.store,
        Policy(runs_per_day=2),
        make_agent(),
        make_run(id="a", **over),
        make_run(id="b", created_at=now() - timedelta(days=2), **over),
    )
    run = lifecycle.start(tenant, "ana", "agent")
    lifecycle.cancel(tenant, "ana", run.id)
    with pytest.raises(NotAllowed, match="2 runs in 24 hours"):
        lifecycle.start(tenant, "ana", "agent")


@pytest.mark.parametrize("who", ["bo", "cy", "stranger"])
def test_only_the_owner_starts_a_run(tenant, who):
    keep(tenant.store, make_agent())
    with pytest.raises(NotAllowed):
        lifecycle.start(tenant, who, "agent")
    with tenant.store.reading() as session:
        assert runs.of_agent(session, "agent") == []
        assert [event.tag for event in audit.events(session, "agent")] == [Tag.ACCESS_REFUSED]


def test_nothing_starts_while_tuning_is_off(tenant):
    keep(tenant.store, make_agent(), Policy(is_tuning_on=False))
    with pytest.raises(NotAllowed, match="switched off"):
        lifecycle.start(tenant, "ana", "agent")


def test_a_waiting_run_is_cancelled_at_once_with_its_job(tenant):
    keep(tenant.store, make_agent())
    run = lifecycle.cancel(tenant, "ana", lifecycle.start(tenant, "ana", "agent").id)
    assert run.state == RunState.CANCELLED
    with tenant.store.transaction() as session:
        assert jobs.claim(session, "worker", now()) is None
    with pytest.raises(WrongState, match="already cancelled"):
        lifecycle.cancel(tenant, "ana", run.id)


def test_a_run_that_a_worker_holds_is_left_to_the_worker_to_end(tenant):
    keep(tenant.store, make_agent())
    run_id = lifecycle.start(tenant, "ana", "agent").id
    with tenant.store.transaction() as session:
        job = jobs.claim(session, "worker", now())
    run = lifecycle.cancel(tenant, "cy", run_id)
    assert (run.state, run.cancel_requested) == (RunState.QUEUED, True)
    with tenant.store.transaction() as session:
        assert job is not None
        assert jobs.hold(session, job.id, "worker").state == JobState.CLAIMED


def test_a_failed_run_is_retried_and_a_good_one_is_not(tenant):
    keep(tenant.store, make_agent(), make_run(state=RunState.FAILED))
    again = lifecycle.retry(tenant, "ana", "run")
    assert (again.id != "run", again.state) == (True, RunState.QUEUED)
    with pytest.raises(WrongState, match="queued"):
        lifecycle.retry(tenant, "ana", again.id)
