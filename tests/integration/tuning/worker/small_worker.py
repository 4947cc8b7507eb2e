"""A worker whose training is a child process that counts: `python small_worker.py STORE_URL FOLDER STEPS`."""

import sys
from pathlib import Path

from tests.factories import make_tenant
from tuning.domain.runs import STAGES, Stage
from tuning.releases import candidates
from tuning.store import Store
from tuning.worker import child
from tuning.worker.loop import Loop
from tuning.worker.runs import carry_out

COUNT = """
import os, pathlib, sys, time
folder, steps = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(folder / "pid").write_text(str(os.getpid()))
done = folder / "steps"
while (count := len(done.read_text().split()) if done.exists() else 0) < steps:
    with done.open("a") as file:
        file.write(f"{count + 1}\\n")
    time.sleep(0.1)
"""


def main(url, folder, steps):
    tenant = make_tenant(Store(url), folder)

    def train(run, progress):
        command = [sys.executable, "-c", COUNT, str(folder), steps]
        assert child.run(command, log=folder / "log", memory_bytes=2**30, watch=progress.tick) == 0
        return {}

    def conclude(run):
        candidates.create(tenant, run, adapter_path=folder, sha256="1", peft_path=folder, base_sha256="2")

    def note(run, progress):
        with (folder / "stages").open("a") as file:
            file.write(f"{run.stage}\n")
        return {}

    def work(lease, job, progress):
        acts = {stage: train if stage is Stage.TRAINING else note for stage in STAGES}
        carry_out(lease.store, job, progress, acts, conclude)

    Loop(tenant.store, work, poll_s=0.05).run_until_signalled()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
