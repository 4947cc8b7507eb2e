"""Workers as processes: killed, asked to stop, and the run goes on all the same."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from sqlmodel import select

from tests.factories import keep, make_agent, make_tenant
from tuning.domain.jobs import LEASE, Job, JobState
from tuning.domain.runs import RunState
from tuning.releases import runs as lifecycle
from tuning.store import audit, releases, runs

STEPS = 20
ENDLESS = 1_000
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # PostgreSQL's part is in test_store
SCRIPT = Path(__file__).with_name("small_worker.py")


def wait_for(condition, patience_s=240.0):
    ends_at = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.05)


class Site:
    """A run that waits for workers, and the traces that they leave."""

    def __init__(self, store, folder, root):
        self.store, self.folder, self.root = store, folder, root
        self.processes = []
        tenant = make_tenant(store, folder)
        keep(store, make_agent())
        self.run_id = lifecycle.start(tenant, "ana", "agent").id

    def start_worker(self, steps=STEPS):
        url = self.store.url.render_as_string(hide_password=False)
        command = [sys.executable, str(SCRIPT), url, str(self.folder), str(steps)]
        program = f"import runpy, sys; sys.path.insert(0, {str(self.root)!r}); sys.argv = {command[1:]!r}"
        process = subprocess.Popen(
            [sys.executable, "-c", f"{program}; runpy.run_path(sys.argv[0], run_name='__main__')"], cwd=self.root
        )
        self.processes.append(process)
        return process

    @property
    def run(self):
        with self.store.reading() as session:
            return runs.get(session, self.run_id)

    @property
    def job(self):
        with self.store.reading() as session:
            return session.exec(select(Job)).one()

    @property
    def steps(self):
        path = self.folder / "steps"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def child(self):
        return psutil.Process(int((self.folder / "pid").read_text()))


@pytest.fixture
def site(store, tmp_path, root):
    site = Site(store, tmp_path, root)
    yield site
    for process in site.processes:
        process.kill()
        process.wait()


def test_a_killed_worker_s_run_is_finished_by_the_next_and_nothing_is_done_twice(site):
    first = site.start_worker()
    wait_for(lambda: len(site.steps) > 3)
    trainer = site.child()
    first.kill()
    first.wait()
    killed_at = time.monotonic()
    wait_for(lambda: not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE, patience_s=60)
    site.start_worker()
    wait_for(lambda: site.run.is_over)
    assert time.monotonic() - killed_at > LEASE.total_seconds() / 2
    assert site.run.state == RunState.READY
    assert site.steps == list(range(1, STEPS + 1))
    assert (site.folder / "stages").read_text().split() == ["sync", "dataset", "baseline", "export", "evaluation"]
    with site.store.reading() as session:
        assert len(releases.of_agent(session, "agent")) == 1
        assert [event.tag for event in audit.events(session, site.run_id)] == ["run:started", "run:finished"]
        assert audit.first_broken_link(session) is None


def test_a_worker_asked_to_stop_ends_its_child_and_hands_the_job_over_at_once(site):
    first = site.start_worker()
    wait_for(lambda: len(site.steps) > 3)
    trainer = site.child()
    first.send_signal(signal.SIGTERM)
    assert first.wait(240) == 0
    assert not trainer.is_running()
    assert (site.job.state, site.job.attempts) == (JobState.QUEUED, 0)
    second = site.start_worker()
    wait_for(lambda: site.run.is_over, patience_s=60)
    assert site.run.state == RunState.READY
    assert site.steps == list(range(1, STEPS + 1))
    second.send_signal(signal.SIGTERM)
    assert second.wait(240) == 0


def test_a_cancelled_run_s_child_is_gone_before_the_run_is(site):
    site.start_worker(steps=ENDLESS)
    wait_for(lambda: len(site.steps) > 3)
    trainer = site.child()
    lifecycle.cancel(make_tenant(site.store, site.folder), "ana", site.run_id)
    wait_for(lambda: site.run.is_over, patience_s=60)
    assert site.run.state == RunState.CANCELLED
    assert not trainer.is_running()
    assert len(site.steps) < ENDLESS
