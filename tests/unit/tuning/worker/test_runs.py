"""Runs with stages made of plain functions: what a worker does when they succeed, fail, or are cut short."""

import errno
import threading
import time
from pathlib import Path
from typing import cast

import pytest
from sqlmodel import select

from serving.logs import about, current
from tests.factories import keep, make_agent, make_run
from tuning.domain.audit import Tag
from tuning.domain.errors import NotAllowed, RunFailed, TooFewExamples, WrongState
from tuning.domain.fields import now
from tuning.domain.jobs import LEASE, MAX_ATTEMPTS, Job, JobState
from tuning.domain.notices import NoticeKind
from tuning.domain.policy import Policy
from tuning.domain.runs import STAGES, RunState, Stage
from tuning.inference import EngineAway, EngineRefused
from tuning.releases import candidates
from tuning.releases import runs as lifecycle
from tuning.store import audit, jobs, notices, releases, runs
from tuning.training.errors import DiskFull, OutOfMemory
from tuning.training.files import base_sha256
from tuning.worker.loop import Loop
from tuning.worker.progress import Progress
from tuning.worker.runs import carry_out
from tuning.worker.stages import Equipment, Stages


class Workplace:
    """A tenant with a queued run, and workers whose stages only note that they were done."""

    def __init__(self, tenant, **options):
        self.tenant = tenant
        self.done = []
        self.instead = {}
        keep(tenant.store, make_agent())
        self.run_id = lifecycle.start(tenant, "ana", "agent", **options).id

    def worker(self, **options):
        def work(lease, job, progress):
            acts = {stage: self.act(stage) for stage in STAGES}
            carry_out(lease.store, job, progress, acts, self.conclude)

        return Loop(self.tenant.store, work, **{"beat_s": 0.05, "poll_s": 0.01, **options})

    def act(self, stage):
        def do(run, progress):
            self.done.append(stage)
            if stage in self.instead:
                self.instead[stage](run, progress)
            return {f"{stage}_done": True}

        return do

    def conclude(self, run):
        candidates.create(self.tenant, run, adapter_path=Path("a"), sha256="1", peft_path=Path("p"), base_sha256="2")

    @property
    def run(self):
        with self.tenant.store.reading() as session:
            return runs.get(session, self.run_id)

    @property
    def job(self):
        with self.tenant.store.reading() as session:
            return session.exec(select(Job)).one()


@pytest.fixture
def workplace(tenant):
    return Workplace(tenant)


def failing(error):
    def do(run, progress):
        raise error

    return do


def test_a_run_goes_through_all_stages_to_a_candidate(workplace, tenant):
    assert workplace.worker().run_once()
    assert workplace.done == list(STAGES)
    assert (workplace.run.state, workplace.run.progress, workplace.job.state) == (RunState.READY, 1.0, JobState.DONE)
    assert workplace.run.metrics["export_done"]
    assert set(workplace.run.metrics["seconds"]) == set(STAGES)
    with tenant.store.reading() as session:
        assert releases.of_run(session, workplace.run_id)
    assert not workplace.worker().run_once()


def test_a_failure_says_what_to_do_and_tells_the_person_who_started_it(workplace, tenant):
    workplace.instead[Stage.TRAINING] = failing(RunFailed("out_of_memory", "Memory ran out.", "Take less."))
    workplace.worker().run_once()
    run = workplace.run
    assert (run.state, run.failure, run.error, run.remedy) == (
        RunState.FAILED,
        "out_of_memory",
        "Memory ran out.",
        "Take less.",
    )
    assert (workplace.job.state, workplace.job.error) == (JobState.FAILED, "Memory ran out. Take less.")
    with tenant.store.transaction() as session:
        started, notice = notices.due(session, now())
        assert started.kind == NoticeKind.RUN_STARTED
        assert (notice.kind, notice.person_id, notice.subject_id) == (NoticeKind.RUN_FAILED, "ana", run.id)
        assert audit.events(session, run.id)[-1].tag == Tag.RUN_FAILED


@pytest.mark.parametrize(
    ("error", "failure", "sentence"),
    [
        (TooFewExamples("There are 3 examples."), "too_few_examples", "There are 3 examples."),
        (ZeroDivisionError("secret"), "unexpected", "Something went wrong that Attune did not expect"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full", "The disk with the artifacts is full."),
        (MemoryError("secret"), "out_of_memory", "The training ran out of memory."),
    ],
)
def test_any_other_error_becomes_a_sentence_too(workplace, error, failure, sentence):
    workplace.instead[Stage.DATASET] = failing(error)
    workplace.worker().run_once()
    assert workplace.run.failure == failure
    assert workplace.run.error.startswith(sentence)
    assert "secret" not in workplace.run.error


def test_what_the_engine_refuses_comes_with_a_remedy(workplace):
    workplace.instead[Stage.EVALUATION] = failing(EngineRefused("The prompt has 9000 tokens."))
    workplace.worker().run_once()
    assert (workplace.run.failure, workplace.run.error) == ("engine_refused", "The prompt has 9000 tokens.")
    assert workplace.run.remedy.startswith("Raise ATTUNE_ENGINE_CONTEXT_TOKENS")


@pytest.mark.parametrize("error", [OutOfMemory(), DiskFull()])
def test_a_remedy_says_that_a_retried_run_begins_from_the_start(workplace, tenant, error):
    workplace.instead[Stage.TRAINING] = failing(error)
    workplace.worker().run_once()
    assert workplace.run.remedy.endswith("then retry the run; it begins from the start.")
    again = lifecycle.retry(tenant, "ana", workplace.run_id)
    assert (again.stage, again.folder != workplace.run.folder) == (STAGES[0], True)


def test_a_base_model_that_is_gone_is_said_with_what_to_do(workplace, tmp_path):
    workplace.instead[Stage.EVALUATION] = lambda *_: base_sha256(tmp_path / "gone")
    workplace.worker().run_once()
    assert workplace.run.failure == "base_missing"
    assert "the folder is missing" in workplace.run.error
    assert workplace.run.remedy.startswith("Set ATTUNE_BASE_MODEL")


def test_a_run_that_computes_longer_than_the_policy_allows_is_ended(workplace, tenant):
    keep(tenant.store, Policy(minutes_per_run=1))
    with tenant.store.transaction() as session:
        run = runs.get_for_update(session, workplace.run_id)
        run.metrics = {"seconds": {Stage.TRAINING: 61.0}}
        session.add(run)
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.run.failure) == (RunState.FAILED, "out_of_minutes")
    assert "longer than the 1 compute minutes" in workplace.run.error


def test_a_run_that_waited_while_tuning_was_switched_off_does_not_begin(tenant):
    keep(tenant.store, Policy(is_tuning_on=False), make_agent())
    with pytest.raises(NotAllowed, match="switched off"):
        Stages(tenant=tenant, equipment=cast("Equipment", None)).sync(make_run(), cast("Progress", None))


def test_while_the_engine_is_away_the_job_waits_its_turn_and_then_gives_up(workplace):
    workplace.instead[Stage.EVALUATION] = failing(EngineAway())
    for attempt in range(1, MAX_ATTEMPTS):
        assert workplace.worker().run_once()
        assert (workplace.run.state, workplace.job.state) == (RunState.RUNNING, JobState.QUEUED), attempt
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.run.failure) == (RunState.FAILED, "engine_away")


def test_a_stage_that_was_finished_forgets_earlier_attempts_within_one_claim_too(workplace):
    workplace.instead[Stage.SYNC] = failing(EngineAway())
    for _attempt in range(1, MAX_ATTEMPTS):
        workplace.worker().run_once()
    workplace.instead = {Stage.EVALUATION: failing(EngineAway())}
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.job.state) == (RunState.RUNNING, JobState.QUEUED)


def test_a_run_that_is_cancelled_at_its_very_end_becomes_no_candidate(workplace, tenant):
    create = workplace.conclude

    def conclude(run):
        lifecycle.cancel(tenant, "ana", run.id)
        create(run)

    workplace.conclude = conclude
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.job.state) == (RunState.CANCELLED, JobState.DONE)
    with tenant.store.reading() as session:
        assert releases.of_run(session, workplace.run_id) is None


def test_a_run_that_is_cancelled_just_before_it_would_wait_does_not_wait(tenant, monkeypatch):
    workplace = Workplace(tenant, waits_for_labels=True)
    write = Progress.write

    def write_and_be_cancelled(progress):
        write(progress)
        if workplace.done[-1:] == [Stage.DATASET] and workplace.run.progress:
            lifecycle.cancel(tenant, "ana", workplace.run_id)

    monkeypatch.setattr(Progress, "write", write_and_be_cancelled)
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.job.state) == (RunState.CANCELLED, JobState.DONE)


def test_a_cancelled_run_stops_at_its_next_sign_of_life(workplace, tenant):
    def work_for_long(run, progress):
        lifecycle.cancel(tenant, "ana", run.id)
        give_up_at = time.monotonic() + 60
        while time.monotonic() < give_up_at:
            progress(0.5)
            time.sleep(0.01)

    workplace.instead[Stage.TRAINING] = work_for_long
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.job.state) == (RunState.CANCELLED, JobState.DONE)
    assert workplace.done[-1] == Stage.TRAINING


def test_a_worker_asked_to_stop_gives_its_job_back_at_once(workplace):
    worker = workplace.worker()

    def stop(run, progress):
        worker.stop.set()
        progress(0.3)

    workplace.instead[Stage.TRAINING] = stop
    worker.run()
    assert (workplace.job.state, workplace.job.attempts, workplace.run.state) == (JobState.QUEUED, 0, RunState.RUNNING)
    workplace.instead.clear()
    workplace.worker().run_once()
    before, after = [Stage.SYNC, Stage.DATASET, Stage.BASELINE], [Stage.EXPORT, Stage.EVALUATION]
    assert workplace.done == [*before, Stage.TRAINING, Stage.TRAINING, *after]
    assert workplace.run.state == RunState.READY


def test_the_bar_does_not_go_back_when_a_stage_is_repeated(workplace):
    worker = workplace.worker()

    def stop(run, progress):
        progress(0.9)
        progress.write()
        worker.stop.set()
        progress(0.9)

    workplace.instead[Stage.TRAINING] = stop
    worker.run()
    before = workplace.run.progress
    seen = []
    workplace.instead = {Stage.TRAINING: lambda run, progress: seen.append(workplace.run.progress)}
    workplace.worker().run_once()
    assert seen == [before]


def test_a_worker_that_was_believed_dead_changes_nothing_when_it_wakes_up(workplace):
    woke_up = []

    def sleep_too_long(run, progress):
        with workplace.tenant.store.transaction() as session:
            jobs.claim(session, "other", now() + 2 * LEASE)
        with pytest.raises(BaseException) as raised:  # noqa: PT011 - which one is checked below
            progress.write()
        woke_up.append(raised.typename)
        raise raised.value

    workplace.instead[Stage.DATASET] = sleep_too_long
    workplace.worker(beat_s=60).run_once()
    assert woke_up == ["TakenOver"]
    assert (workplace.job.worker_id, workplace.job.state) == ("other", JobState.CLAIMED)
    assert workplace.run.state == RunState.RUNNING


def test_a_holder_keeps_its_job_for_as_long_as_its_heart_beats(workplace, monkeypatch):
    def take_long(run, progress):
        first = workplace.job.leased_until
        give_up_at = time.monotonic() + 60
        while workplace.job.leased_until <= first and time.monotonic() < give_up_at:
            time.sleep(0.02)
        assert workplace.job.leased_until > first

    workplace.instead[Stage.DATASET] = take_long
    workplace.worker().run_once()
    assert workplace.run.state == RunState.READY


def test_a_stage_in_which_workers_keep_dying_fails_in_the_end(workplace):
    at = now()
    for attempt in range(MAX_ATTEMPTS):
        with workplace.tenant.store.transaction() as session:
            assert jobs.claim(session, f"dies{attempt}", at)
        at += 2 * LEASE
    with workplace.tenant.store.transaction() as session:
        job = session.exec(select(Job)).one()
        job.leased_until = now() - LEASE
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.run.failure, workplace.done) == (RunState.FAILED, "worker_died", [])


def test_a_run_that_ended_just_before_its_worker_died_is_only_put_away(workplace, tenant):
    workplace.worker().run_once()
    with tenant.store.transaction() as session:
        job = session.exec(select(Job)).one()
        job.state, job.leased_until = JobState.CLAIMED, now() - LEASE
    workplace.done.clear()
    assert workplace.worker().run_once()
    assert (workplace.done, workplace.job.state) == ([], JobState.DONE)


def test_two_workers_do_not_share_a_run(workplace):
    first, second = workplace.worker(), workplace.worker()
    begun, go_on = threading.Event(), threading.Event()

    def wait(run, progress):
        begun.set()
        go_on.wait(10)

    workplace.instead[Stage.SYNC] = wait
    thread = threading.Thread(target=first.run_once)
    thread.start()
    begun.wait(10)
    assert not second.run_once()
    go_on.set()
    thread.join()
    assert workplace.done == list(STAGES)


def test_a_run_waits_for_labels_if_its_owner_wants_that_and_goes_on_from_the_beginning(tenant):
    workplace = Workplace(tenant, waits_for_labels=True)
    workplace.worker().run_once()
    assert (workplace.run.state, workplace.done) == (RunState.LABELLING, [Stage.SYNC, Stage.DATASET])
    assert not workplace.worker().run_once()
    with tenant.store.transaction() as session:
        _started, waiting = notices.due(session, now())
        assert (waiting.kind, waiting.person_id) == (NoticeKind.RUN_NEEDS_LABELS, "ana")
        assert audit.events(session, workplace.run_id)[-1].tag == Tag.RUN_WAITED
    lifecycle.go_on(tenant, "ana", workplace.run_id)
    workplace.worker().run_once()
    assert workplace.run.state == RunState.READY
    assert workplace.done == [Stage.SYNC, Stage.DATASET, *STAGES]
    with pytest.raises(WrongState, match="doesn't wait for labels: it is ready"):
        lifecycle.go_on(tenant, "ana", workplace.run_id)


def test_a_run_that_waits_for_labels_can_be_cancelled_and_another_takes_its_place(tenant):
    workplace = Workplace(tenant, waits_for_labels=True)
    workplace.worker().run_once()
    assert lifecycle.cancel(tenant, "ana", workplace.run_id).state == RunState.CANCELLED
    assert lifecycle.retry(tenant, "ana", workplace.run_id).waits_for_labels


def test_a_run_is_carried_out_under_the_request_that_started_it(tenant):
    with about("an-activity"):
        workplace = Workplace(tenant)
    seen = []
    workplace.instead["sync"] = lambda _run, _progress: seen.append(current())
    workplace.worker().run_once()
    assert seen == ["an-activity"]
    assert current() == ""


def test_a_job_that_nobody_asked_for_is_carried_out_under_its_own_id(workplace):
    seen = []
    workplace.instead["sync"] = lambda _run, _progress: seen.append(current())
    workplace.worker().run_once()
    assert seen == [workplace.job.id]


def test_a_worker_does_what_is_due_beside_its_job_and_after_a_fault_of_it(workplace):
    done, twice = [], threading.Event()

    def beside():
        done.append(1)
        if len(done) == 1:
            raise ZeroDivisionError
        twice.set()

    worker = workplace.worker(beside=beside)

    def wait(_run, _progress):
        assert twice.wait(10)
        worker.stop.set()

    workplace.instead[STAGES[0]] = wait
    worker.run()
    assert len(done) >= 2
    assert workplace.done == [STAGES[0]]
