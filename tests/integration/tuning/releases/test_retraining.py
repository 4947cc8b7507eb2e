"""Several workers find the same run due at the same moment, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.factories import keep, make_agent, make_release, make_run, make_source, make_tenant
from tuning.domain.agents import Retraining
from tuning.domain.fields import now
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.releases import retraining
from tuning.store import audit, runs

WORKERS = 4


def test_of_many_workers_one_starts_the_run_that_is_due(store, tmp_path):
    tenant = make_tenant(store, tmp_path)
    keep(
        store,
        make_source(),
        make_agent(live_release_id="release", retraining=Retraining.WEEKLY, retrain_next_at=now()),
        make_run(state=RunState.READY, created_at=now() - timedelta(days=8)),
        make_release(state=ReleaseState.LIVE),
    )
    barrier = threading.Barrier(WORKERS)

    def work(_number):
        barrier.wait()
        return retraining.start_due(tenant, now())

    with ThreadPoolExecutor(WORKERS) as pool:
        started = [run for found in pool.map(work, range(WORKERS)) for run in found]
    assert len(started) == 1
    with store.reading() as session:
        assert len(runs.of_agent(session, "agent")) == 2
        assert [event.actor_id for event in audit.events(session, started[0].id)] == [audit.WORKER]
        assert audit.first_broken_link(session) is None
