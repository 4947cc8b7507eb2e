"""The end of a run: its adapter becomes a candidate release, for exactly the audience that its data was chosen for."""

from pathlib import Path

from tuning.domain.audit import Tag
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import Release
from tuning.domain.runs import Run
from tuning.governance.tenant import Tenant
from tuning.store import agents, audit, notices, releases, runs


def create(
    tenant: Tenant, run: Run, *, adapter_path: Path, sha256: str, peft_path: Path, base_sha256: str
) -> Release | None:
    """Make the run's candidate, end the run, and tell who started it; a second call returns the same candidate.

    Return None for a run that was cancelled meanwhile, which ends so.

    The audience can't have changed since the run began: it is fixed while a run is under way.
    """
    with tenant.store.transaction() as session:
        agent = agents.get_for_update(session, run.agent_id)
        if made := releases.of_run(session, run.id):
            return made
        finished = runs.get_for_update(session, run.id)
        if finished.cancel_requested:
            finished.cancel()
            session.add(finished)
            return None
        release = Release(
            agent_id=agent.id,
            run_id=run.id,
            number=releases.next_number(session, agent.id),
            adapter_path=str(adapter_path),
            adapter_sha256=sha256,
            peft_path=str(peft_path),
            base_sha256=base_sha256,
            audience=list(agent.principals),
        )
        session.add(release)
        finished.become_ready()
        session.add(finished)
        notices.notify(session, NoticeKind.RUN_READY, [run.started_by], run.id)
        audit.record(
            session, Tag.RUN_FINISHED, audit.WORKER, run.id, agent_id=agent.id, release_id=release.id, adapter=sha256
        )
        return release
