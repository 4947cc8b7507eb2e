"""Carries a run from its first unfinished stage to its end: a candidate, a failure with a remedy, or cancelled."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.errors import Refusal, RunFailed
from tuning.domain.jobs import MAX_ATTEMPTS, Job
from tuning.domain.notices import NoticeKind
from tuning.domain.runs import STAGES, Run, Stage
from tuning.inference import EngineAway, EngineRefused
from tuning.languages import say
from tuning.store import Store, audit, jobs, notices, runs
from tuning.training.child import explain
from tuning.training.errors import Broken
from tuning.worker.errors import Cancelled, LabelsNeeded
from tuning.worker.progress import Progress

Act = Callable[[Run, Progress], dict[str, Any]]
"""What a stage does with a run; returns what it measured, for the run's metrics. Done twice, it comes to the same."""
Conclude = Callable[[Run], None]
"""Makes the candidate out of a run that has come through all stages, and ends the run."""

log = logging.getLogger(__name__)


def carry_out(store: Store, job: Job, progress: Progress, acts: Mapping[Stage, Act], conclude: Conclude) -> None:
    """Do what is left of a run and finish its job; the store is the one of the job's lease.

    Lets `Stopped`, `TakenOver` and errors of the database through: then the job is taken up again.
    """
    with store.reading() as session:
        run = runs.get(session, job.subject_id)
    if run.is_over:  # a worker was killed between the run's end and the job's
        with store.transaction() as session:
            _finish(session, job, "")
        return
    try:
        _go_through(store, job, run, progress, acts)
        with store.reading() as session:
            run = runs.get(session, job.subject_id)
        conclude(run)
        with store.transaction() as session:
            _finish(session, job, "")
    except Cancelled:
        _cancel(store, job)
    except LabelsNeeded:
        _wait_for_labels(store, job)
    except EngineAway as away:
        if _try_again(store, job):
            log.warning("Run %s: %s It is tried again.", job.subject_id, away.sentence)
        else:
            _fail(store, job, RunFailed(away.code, away.sentence, say("Then retry the run.")))
    except Refusal as refusal:
        _fail(store, job, _refused(refusal))
    except DBAPIError:
        raise
    except Exception as error:
        log.exception("Run %s failed unexpectedly.", job.subject_id)
        _fail(store, job, _broken(error))


def _go_through(store: Store, job: Job, run: Run, progress: Progress, acts: Mapping[Stage, Act]) -> None:
    if run.cancel_requested:
        raise Cancelled
    if job.attempts > MAX_ATTEMPTS:
        raise RunFailed(
            "worker_died",
            say("The worker died {count} times in the same stage ({stage}).", count=MAX_ATTEMPTS, stage=run.stage),
            say("Look into the worker's log, then retry the run."),
        )
    for stage in STAGES[STAGES.index(run.stage) :]:
        entered = progress.enter(stage)
        measured = acts[stage](entered, progress)
        _note(store, run.id, measured)
        progress(1.0)
        progress.write()
        if stage is Stage.DATASET and entered.waits_for_labels:
            raise LabelsNeeded


def _note(store: Store, run_id: str, measured: Mapping[str, Any]) -> None:
    with store.transaction() as session:
        run = runs.get_for_update(session, run_id)
        run.metrics = {**run.metrics, **measured}
        session.add(run)


def _cancel(store: Store, job: Job) -> None:
    with store.transaction() as session:
        run = runs.get_for_update(session, job.subject_id)
        run.cancel()
        session.add(run)
        _finish(session, job, "")


def _wait_for_labels(store: Store, job: Job) -> None:
    with store.transaction() as session:
        run = runs.get_for_update(session, job.subject_id)
        if run.cancel_requested:
            run.cancel()
            session.add(run)
            _finish(session, job, "")
            return
        run.wait_for_labels()
        session.add(run)
        _finish(session, job, "")
        notices.notify(session, NoticeKind.RUN_NEEDS_LABELS, [run.started_by], run.id)
        audit.record(session, Tag.RUN_WAITED, audit.WORKER, run.id, agent_id=run.agent_id)


def _try_again(store: Store, job: Job) -> bool:
    """Give the job back, if it may have another attempt; what came before the last finished stage doesn't count."""
    with store.transaction() as session:
        held = jobs.hold(session, job.id, job.worker_id)
        if held.attempts >= MAX_ATTEMPTS:
            return False
        held.give_back(counts=True)
        session.add(held)
        return True


def _fail(store: Store, job: Job, failure: RunFailed) -> None:
    with store.transaction() as session:
        run = runs.get_for_update(session, job.subject_id)
        run.fail(failure.failure, failure.what, failure.remedy)
        session.add(run)
        _finish(session, job, failure.sentence.strip())
        notices.notify(session, NoticeKind.RUN_FAILED, [run.started_by], run.id)
        audit.record(
            session,
            Tag.RUN_FAILED,
            audit.WORKER,
            run.id,
            agent_id=run.agent_id,
            failure=failure.failure,
            stage=run.stage,
        )


def _finish(session: Session, job: Job, error: str) -> None:
    held = jobs.hold(session, job.id, job.worker_id)
    held.finish(error)
    session.add(held)


def _refused(refusal: Refusal) -> RunFailed:
    if isinstance(refusal, RunFailed):
        return refusal
    remedy = ""
    if isinstance(refusal, EngineRefused):
        remedy = say("Raise ATTUNE_ENGINE_CONTEXT_TOKENS if a text is too long for the engine, then retry the run.")
    return RunFailed(refusal.code, refusal.sentence, remedy)


def _broken(error: Exception) -> RunFailed:
    """Return what an error of this process means to a person: a full disk is the same here as in the training's."""
    known = explain(error)
    if not isinstance(known, Broken):
        return known
    return RunFailed(
        "unexpected",
        say("Something went wrong that Attune did not expect ({error}).", error=type(error).__name__),
        say("Retry the run; if it fails again, give the worker's log to whoever runs Attune."),
    )
