"""The worker's process: `python -m tuning.worker`."""

import os
from dataclasses import replace
from datetime import timedelta

import psutil

from serving import logs
from tuning.domain.jobs import Job, JobKind
from tuning.governance.tenant import Tenant
from tuning.inference import Inference
from tuning.settings import TuningSettings
from tuning.store import Store
from tuning.tenancy import tenant_of
from tuning.worker import rewriting, syncing
from tuning.worker.chores import chores
from tuning.worker.encoding import encoding
from tuning.worker.lease import Lease
from tuning.worker.loop import Loop, Work
from tuning.worker.metrics import Metrics
from tuning.worker.progress import Progress
from tuning.worker.runs import carry_out
from tuning.worker.stages import Equipment, Stages

_SHARE_OF_MEMORY = 0.8


def main() -> None:
    """Carry out jobs until SIGTERM or Ctrl-C."""
    settings = TuningSettings()
    logs.set_up(settings.log_format, settings.log_level, text="%(message)s")
    store = Store(settings.store_url)
    store.migrate()
    tenant = tenant_of(settings, store)
    try:
        equipment = equipment_of(settings)
        interval = timedelta(hours=settings.sync_hours)
        # A chore is done again soon: jobs don't wait for an engine that only a chore wants.
        impatient = Inference(
            settings.engine_url,
            api_key=settings.engine_api_key.get_secret_value(),
            timeout_s=settings.engine_timeout_s,
            patience_s=0.0,
        )
        metrics = Metrics(store)
        if settings.worker_metrics_port:
            metrics.serve(settings.worker_metrics_port)
        Loop(
            store,
            metrics.counted(work_of(tenant, equipment, interval)),
            between=encoding(store, impatient),
            beside=chores(tenant, settings.audit_anchor, interval),
        ).run_until_signalled()
    finally:
        store.close()


def equipment_of(settings: TuningSettings) -> Equipment:
    """Return what the settings give a worker to tune with."""
    memory_bytes = int(settings.training_memory_gib * 2**30)
    return Equipment(
        inference=Inference(
            settings.engine_url,
            api_key=settings.engine_api_key.get_secret_value(),
            timeout_s=settings.engine_timeout_s,
        ),
        engine_url=settings.engine_url,
        base_model=settings.base_model,
        quantisation=settings.quantisation,
        converter=settings.converter,
        threads=settings.threads or os.cpu_count() or 1,
        processes=settings.training_processes,
        memory_bytes=memory_bytes or int(psutil.virtual_memory().total * _SHARE_OF_MEMORY),
    )


def work_of(tenant: Tenant, equipment: Equipment, interval: timedelta) -> Work:
    """Return what carries out a run, a sync by schedule, or the end of an erasure."""

    def work(lease: Lease, job: Job, progress: Progress) -> None:
        leased = replace(tenant, store=lease.store, encode=equipment.inference.encode)
        if job.kind == JobKind.SOURCE_SYNC:
            syncing.carry_out(leased, job, progress.check, interval)
            return
        if job.kind == JobKind.STORE_REWRITE:
            rewriting.carry_out(lease.store, job)
            return
        stages = Stages(tenant=leased, equipment=equipment)
        carry_out(lease.store, job, progress, stages.acts(), stages.conclude)

    return work


if __name__ == "__main__":
    main()
