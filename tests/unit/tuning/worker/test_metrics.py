"""What a worker says about itself to Prometheus."""

from typing import Any
from urllib.request import urlopen

import pytest

from tests.factories import keep
from tuning.domain.jobs import Job, JobKind
from tuning.worker.errors import Stopped
from tuning.worker.metrics import Metrics


def test_jobs_are_counted_by_how_they_ended_and_by_how_many_wait(store):
    job = Job(kind=JobKind.RUN_TRAIN, subject_id="run")
    keep(store, job)
    metrics = Metrics(store)
    nothing: Any = None

    def stopped(*_):
        raise Stopped

    metrics.counted(lambda *_: None)(nothing, job, nothing)
    with pytest.raises(Stopped):
        metrics.counted(stopped)(nothing, job, nothing)

    with urlopen(f"http://127.0.0.1:{metrics.serve(0)}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    kind = str(job.kind)
    assert f'attune_worker_jobs_total{{kind="{kind}",outcome="done"}} 1.0' in lines
    assert f'attune_worker_jobs_total{{kind="{kind}",outcome="left"}} 1.0' in lines
    assert f'attune_worker_job_seconds_count{{kind="{kind}"}} 2.0' in lines
    assert "attune_worker_jobs_running 0.0" in lines
    assert "attune_worker_jobs_open 1.0" in lines
