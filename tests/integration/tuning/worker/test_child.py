"""Child processes: watched, limited, and never left behind."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from tuning.domain.errors import RunFailed
from tuning.worker import child

GIB = 2**30


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(condition, patience_s=120.0):
    ends_at = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def run(tmp_path):
    def run(program, *, memory_bytes=GIB, watch=lambda: None):
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(program))
        return child.run(
            [sys.executable, str(script), str(tmp_path)],
            log=tmp_path / "log",
            memory_bytes=memory_bytes,
            watch=watch,
        )

    return run


def test_it_returns_the_exit_code_and_keeps_what_was_printed(run, tmp_path):
    assert run("import sys; print('hello'); sys.exit(3)") == 3
    assert (tmp_path / "log").read_text() == "hello\n"


def test_a_child_killed_from_outside_returns_the_signal(run):
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") == -signal.SIGKILL


def test_whatever_the_watch_raises_ends_the_child_and_all_it_started(run, tmp_path):
    def watch():
        if (tmp_path / "pids").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(
            """
            import os, pathlib, subprocess, sys, time
            inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            folder = pathlib.Path(sys.argv[1])
            (folder / "part").write_text(f"{os.getpid()} {inner.pid}")
            (folder / "part").rename(folder / "pids")
            time.sleep(60)
            """,
            watch=watch,
        )
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    wait_for(lambda: all(is_gone(pid) for pid in pids))


def test_too_much_memory_ends_it_with_advice(run):
    with pytest.raises(RunFailed, match="is the limit") as raised:
        run("block = bytearray(200 * 2**20); import time; time.sleep(60)", memory_bytes=100 * 2**20)
    assert raised.value.failure == "out_of_memory"


def test_a_child_dies_with_a_worker_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import pathlib, sys
            sys.path.insert(0, {str(Path.cwd())!r})
            from tuning.worker import child
            tell = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
            child.run([sys.executable, "-c", tell], log=pathlib.Path({str(tmp_path / "log")!r}),
                      memory_bytes={GIB}, watch=lambda: None)
            """
        )
    )
    parent = subprocess.Popen([sys.executable, str(script)])
    log = tmp_path / "log"
    wait_for(lambda: log.exists() and log.read_text().endswith("\n"))
    pid = int(log.read_text())
    parent.kill()
    parent.wait()
    wait_for(lambda: is_gone(pid), patience_s=5.0)
