"""Starting, cancelling and retrying runs; what happens in between is the worker's."""

from datetime import timedelta

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.fields import now
from tuning.domain.jobs import JobKind, JobState
from tuning.domain.notices import NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.runs import STATES, Run, RunState
from tuning.governance import access, grants
from tuning.governance.policy import objection_to_run
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, audit, jobs, notices, policy, runs

_SAME_PRESS = timedelta(minutes=2)
"""Within it, a second start by the same person is the first one pressed twice, or delivered again."""


def start(tenant: Tenant, actor_id: str, agent_id: str, *, waits_for_labels: bool = False) -> Run:
    """Queue a run of an agent; it continues the adapter of the live release if there is one.

    It waits, if that is wanted, until its owner has looked at samples of what it is about to learn.

    Return the run that is under way if the same person started it a moment ago.

    Raise `InvalidInput` while something must still be filled in, `WrongState` if a run is under way already, and
    `NotAllowed` when today's runs are used up, or the policy has something against the base model or a source.
    """
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get_for_update(session, agent_id)
        if under_way := _begun_by_this_press(session, actor_id, agent):
            # The right to start runs may have been used up by this very one.
            access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agent)
            return under_way
        access.check(session, tenant, actor_id, Permission.RUN_START, agent)
        return begin(session, tenant, actor_id, agent, waits_for_labels=waits_for_labels)


def _begun_by_this_press(session: Session, actor_id: str, agent: Agent) -> Run | None:
    """Return the run that the same person started a moment ago: Teams may deliver a press twice."""
    run = runs.open_run(session, agent.id)
    is_same = run is not None and run.started_by == actor_id and now() - run.created_at < _SAME_PRESS
    return run if is_same else None


def go_on(tenant: Tenant, actor_id: str, run_id: str) -> Run:
    """Let a run go on that has waited for labels; they enter its dataset, which is made anew.

    Raise `WrongState` if it doesn't wait, and `NotAllowed` as for its start: it may have waited for long.
    """
    with access.act(tenant, actor_id, run_id) as session:
        run = runs.get_for_update(session, run_id)
        agent = agents.get_for_update(session, run.agent_id)
        # Who was granted one run has used the grant up by starting it.
        needed = Permission.AGENT_LABEL if run.started_by == actor_id else Permission.RUN_START
        access.check(session, tenant, actor_id, needed, agent)
        run.go_on()
        if objection := objection_to_run(tenant, session, agent.source_ids):
            raise NotAllowed(objection)
        session.add(run)
        jobs.enqueue(session, JobKind.RUN_TRAIN, run.id)
        notices.settle(session, NoticeKind.RUN_NEEDS_LABELS, run.id)
        audit.record(session, Tag.RUN_WENT_ON, actor_id, run.id, agent_id=run.agent_id)
        return run


def retry(tenant: Tenant, actor_id: str, run_id: str) -> Run:
    """Queue a new run of the agent in the place of one that failed or was cancelled."""
    with access.act(tenant, actor_id, run_id) as session:
        previous = runs.get(session, run_id)
        agent = agents.get_for_update(session, previous.agent_id)
        access.check(session, tenant, actor_id, Permission.RUN_START, agent)
        if previous.state not in {RunState.FAILED, RunState.CANCELLED}:
            raise WrongState(
                say(
                    "The run is {state}: only one that failed or was cancelled can be retried.",
                    state=say(STATES[previous.state]),
                )
            )
        return begin(session, tenant, actor_id, agent, waits_for_labels=previous.waits_for_labels)


def cancel(tenant: Tenant, actor_id: str, run_id: str) -> Run:
    """End a run: at once while it waits, within a few seconds once a worker has it."""
    with access.act(tenant, actor_id, run_id) as session:
        job = jobs.open_job(session, JobKind.RUN_TRAIN, run_id)
        run = runs.get_for_update(session, run_id)
        access.check(session, tenant, actor_id, Permission.RUN_CANCEL, run)
        if run.is_over:
            raise WrongState(
                say("The run is already {state}: there is nothing to cancel.", state=say(STATES[run.state]))
            )
        if run.cancel_requested:
            raise WrongState(say("The run is being cancelled already; that takes a few seconds."))
        run.cancel_requested = True
        if job is None or job.state == JobState.QUEUED:
            run.cancel()
            notices.settle(session, NoticeKind.RUN_NEEDS_LABELS, run.id)
            if job is not None:
                job.finish()
                session.add(job)
        session.add(run)
        audit.record(session, Tag.RUN_CANCELLED, actor_id, run.id, agent_id=run.agent_id, stage=run.stage)
        return run


def begin(
    session: Session,
    tenant: Tenant,
    actor_id: str,
    agent: Agent,
    *,
    is_automatic: bool = False,
    waits_for_labels: bool = False,
) -> Run:
    """Queue a run for a person who may start it, with the agent kept from other changes; raise like `start`.

    An automatic run is Attune's act on the person's behalf.
    """
    if gaps := agent.missing():
        missing = " ".join(gap.rstrip(".") + "." for gap in gaps)
        raise InvalidInput(say("The agent can't be tuned yet. {gaps}", gaps=missing))
    if objection := objection_to_run(tenant, session, agent.source_ids):
        raise NotAllowed(objection)
    if under_way := _begun_by_this_press(session, actor_id, agent):
        return under_way
    if under_way := runs.open_run(session, agent.id):
        raise WrongState(
            say(
                "A run of '{agent}' is already {state}. Wait for its end, or cancel it.",
                agent=agent.name,
                state=say(STATES[under_way.state]),
            )
        )
    limit = policy.get(session).runs_per_day
    if runs.count_since(session, now() - timedelta(days=1)) >= limit:
        raise NotAllowed(
            say(
                "Your organisation allows {limit} runs in 24 hours, and they are used up. Try again later.", limit=limit
            )
        )
    run = Run(
        agent_id=agent.id,
        started_by=actor_id,
        parent_release_id=agent.live_release_id,
        is_automatic=is_automatic,
        waits_for_labels=waits_for_labels,
    )
    run.folder = str(tenant.run_folder(run.id))
    session.add(run)
    session.flush()
    jobs.enqueue(session, JobKind.RUN_TRAIN, run.id)
    grants.use_up(session, tenant, actor_id, run.id)
    notices.notify(session, NoticeKind.RUN_STARTED, [actor_id], run.id)
    who, why = actor_id, {}
    if is_automatic:
        who, why = audit.WORKER, {"on_behalf_of": actor_id, "retraining": agent.retraining}
    audit.record(session, Tag.RUN_STARTED, who, run.id, agent_id=agent.id, parent=run.parent_release_id, **why)
    return run
