"""Runs that start by themselves: when, on whose behalf, within which limits, and what is said when they can't."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run, make_source
from tuning.domain.agents import Retraining
from tuning.domain.audit import Tag
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import feedback as governed
from tuning.releases import retraining
from tuning.releases import runs as lifecycle
from tuning.store import agents, audit, notices, policy, runs

DAY = timedelta(days=1)
LONG_AGO = now() - 30 * DAY


@pytest.fixture(autouse=True)
def live(tenant):
    keep(
        tenant.store,
        Policy(runs_per_day=3),
        make_source(),
        make_agent(live_release_id="release", retraining=Retraining.AFTER, retrain_after=2),
        make_run(state=RunState.READY, created_at=LONG_AGO),
        make_release(state=ReleaseState.LIVE),
        *(make_answer(id=str(number)) for number in range(6)),
    )


def accept(tenant, *numbers):
    for number in numbers:
        given = governed.give(tenant, "bo", str(number), correction="Yes.")
        governed.accept(tenant, "ana", given.id, f"Question {number}?", "Yes.")


def change(tenant, **values):
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        for key, value in values.items():
            setattr(agent, key, value)
        session.add(agent)


def end(tenant, run, *, is_failure):
    with tenant.store.transaction() as session:
        run = runs.get(session, run.id)
        if is_failure:
            run.fail("broken", "It broke.", "")
        else:
            run.become_ready()
        session.add(run)


def told(tenant):
    """The notices that wait for Ana."""
    with tenant.store.transaction() as session:
        found = notices.due(session, now() + timedelta(days=999))
        for one in found:
            notices.sent(session, one, "")
        return [one.kind for one in found if one.person_id == "ana"]


def events(tenant, subject_id):
    with tenant.store.reading() as session:
        return audit.events(session, subject_id)


def test_so_many_corrections_start_a_run_on_the_owners_behalf(tenant):
    accept(tenant, 0)
    assert retraining.start_due(tenant, now()) == []
    accept(tenant, 1)
    (run,) = retraining.start_due(tenant, now())
    assert (run.started_by, run.is_automatic, run.parent_release_id, run.state) == (
        "ana",
        True,
        "release",
        RunState.QUEUED,
    )
    (event,) = events(tenant, run.id)
    assert (event.tag, event.actor_id, event.detail["on_behalf_of"]) == (Tag.RUN_STARTED, audit.WORKER, "ana")
    assert told(tenant) == [NoticeKind.RUN_STARTED]


def test_what_was_merged_counts_for_each_who_wrote(tenant):
    given = [governed.give(tenant, "bo", str(number), correction="Yes.").id for number in (0, 1)]
    governed.merge(tenant, "ana", given, "May I fly?", "Yes.")
    assert len(retraining.start_due(tenant, now())) == 1


def test_there_are_never_two_runs_at_once(tenant):
    accept(tenant, 0, 1)
    lifecycle.start(tenant, "ana", "agent")
    accept(tenant, 2, 3)
    assert retraining.start_due(tenant, now()) == []
    assert NoticeKind.RETRAINING_HELD not in told(tenant)


@pytest.mark.parametrize("is_failure", [True, False])
def test_a_run_that_has_ended_is_not_repeated_before_the_next_corrections(tenant, is_failure):
    accept(tenant, 0, 1)
    (run,) = retraining.start_due(tenant, now())
    end(tenant, run, is_failure=is_failure)
    assert retraining.start_due(tenant, now()) == []
    accept(tenant, 2, 3)
    assert len(retraining.start_due(tenant, now())) == 1


@pytest.mark.parametrize(
    ("schedule", "days"),
    [({"retraining": Retraining.DAILY}, 1), ({"retraining": Retraining.WEEKLY, "retrain_on": 3}, 7)],
)
def test_a_schedule_goes_on_however_its_last_run_ended(tenant, schedule, days):
    wednesday = datetime(2030, 1, 2, 2, tzinfo=UTC)
    change(tenant, **schedule, retrain_next_at=wednesday)
    assert retraining.start_due(tenant, wednesday - timedelta(minutes=1)) == []
    (run,) = retraining.start_due(tenant, wednesday + timedelta(minutes=1))
    end(tenant, run, is_failure=True)
    following = wednesday + days * DAY
    assert retraining.start_due(tenant, following - timedelta(minutes=1)) == []
    assert len(retraining.start_due(tenant, following)) == 1


def test_a_schedule_that_could_not_be_kept_is_made_up_for_once(tenant):
    due = datetime(2030, 1, 2, 2, tzinfo=UTC)
    change(tenant, retraining=Retraining.DAILY, retrain_next_at=due)
    (run,) = retraining.start_due(tenant, due + 3 * DAY + timedelta(hours=1))
    end(tenant, run, is_failure=True)
    assert retraining.start_due(tenant, due + 4 * DAY - timedelta(minutes=1)) == []
    assert len(retraining.start_due(tenant, due + 4 * DAY)) == 1


def test_nothing_starts_by_itself_unless_the_owner_has_said_so(tenant):
    accept(tenant, 0, 1, 2)
    change(tenant, retraining=Retraining.NEVER)
    assert retraining.start_due(tenant, now() + 30 * DAY) == []


@pytest.mark.parametrize("rests", [{"is_paused": True}, {"live_release_id": None}])
def test_what_is_paused_or_was_taken_back_waits_for_a_person(tenant, rests):
    accept(tenant, 0, 1)
    change(tenant, **rests)
    assert retraining.start_due(tenant, now()) == []
    assert told(tenant) == []


@pytest.mark.parametrize("state", [ReleaseState.SUBMITTED, ReleaseState.CANARY])
def test_while_an_admin_decides_the_next_run_waits(tenant, state):
    accept(tenant, 0, 1)
    keep(tenant.store, make_run(id="next", state=RunState.READY, created_at=LONG_AGO))
    keep(tenant.store, make_release(id="next", run_id="next", number=2, state=state))
    assert retraining.start_due(tenant, now()) == []
    assert told(tenant) == []


def test_when_the_days_runs_are_used_up_it_starts_the_day_after(tenant):
    accept(tenant, 0, 1)
    others = {"agent_id": "other", "state": RunState.FAILED}
    keep(tenant.store, *(make_run(id=f"other{number}", **others) for number in range(3)))
    assert retraining.start_due(tenant, now()) == []
    assert told(tenant) == []
    with tenant.store.transaction() as session:
        for number in range(3):
            run = runs.get(session, f"other{number}")
            run.created_at = now() - 2 * DAY
            session.add(run)
    assert len(retraining.start_due(tenant, now())) == 1


@pytest.mark.parametrize(
    ("limits", "tag", "sentence"),
    [
        ({"is_tuning_on": False}, Tag.ACCESS_REFUSED, "Tuning is switched off"),
        ({"tuner_ids": ["leads"]}, Tag.ACCESS_REFUSED, "You may not tune agents"),
        ({"base_models": ["other"]}, Tag.ACT_REFUSED, "doesn't allow the base model"),
    ],
)
def test_what_is_in_the_way_is_told_once_and_the_run_starts_when_it_is_gone(tenant, limits, tag, sentence):
    accept(tenant, 0, 1)
    with tenant.store.transaction() as session:
        allowed = policy.get_for_update(session)
        before = {key: getattr(allowed, key) for key in limits}
        for key, value in limits.items():
            setattr(allowed, key, value)
        session.add(allowed)
    for _ in range(3):
        assert retraining.start_due(tenant, now()) == []
    assert told(tenant) == [NoticeKind.RETRAINING_HELD]
    refused = [event for event in events(tenant, "agent") if event.actor_id == audit.WORKER]
    assert [(event.tag, event.detail["on_behalf_of"]) for event in refused] == [(tag, "ana")]
    assert sentence in refused[0].detail["sentence"]
    with tenant.store.transaction() as session:
        allowed = policy.get_for_update(session)
        for key, value in before.items():
            setattr(allowed, key, value)
        session.add(allowed)
    assert len(retraining.start_due(tenant, now())) == 1
    with tenant.store.reading() as session:
        assert agents.get(session, "agent").retraining_held == ""
