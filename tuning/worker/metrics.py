"""What a worker counts about itself, for Prometheus: jobs, how long they take, and how many wait."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from tuning.domain.jobs import Job
from tuning.store import Store, jobs
from tuning.worker.lease import Lease
from tuning.worker.loop import Work
from tuning.worker.progress import Progress

SECONDS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600)


class Metrics:
    """One worker's figures, in a registry of their own."""

    def __init__(self, store: Store) -> None:
        """Begin at zero; how many jobs wait is counted in the store whenever somebody looks."""
        self.registry = registry = CollectorRegistry()
        self._jobs = Counter("attune_worker_jobs", "Jobs that ended here", ["kind", "outcome"], registry=registry)
        self._job = Histogram(
            "attune_worker_job_seconds", "From claiming a job to its end", ["kind"], buckets=SECONDS, registry=registry
        )
        self._running = Gauge("attune_worker_jobs_running", "Jobs that are being carried out", registry=registry)
        waiting = Gauge("attune_worker_jobs_open", "Jobs of all workers that wait or run", registry=registry)

        def count_open() -> float:
            with store.reading() as session:
                return jobs.count_open(session)

        waiting.set_function(count_open)

    def counted(self, work: Work) -> Work:
        """Return the work, counted: a job that was given back or taken over is 'left', one that was finished 'done'."""

        def carry_out(lease: Lease, job: Job, progress: Progress) -> None:
            outcome, began = "left", time.monotonic()
            try:
                with self._running.track_inprogress():
                    work(lease, job, progress)
                outcome = "done"
            finally:
                self._job.labels(str(job.kind)).observe(time.monotonic() - began)
                self._jobs.labels(str(job.kind), outcome).inc()

        return carry_out

    def serve(self, port: int) -> int:
        """Answer at /metrics on loopback, on a thread of its own, and return the port: another for 0."""
        server, _ = start_http_server(port, addr="127.0.0.1", registry=self.registry)
        return int(server.server_port)
