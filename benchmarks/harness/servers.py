"""The engine and its peer, each as a process of its own on a free port, with the same threads and the same memory."""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

_START_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers."""

    name: str
    url: str
    process: psutil.Process
    chosen: Callable[[int | None], dict[str, Any]] = field(repr=False)
    """What a request says to get adapter number so-and-so, or the base model."""

    def cpu_s(self) -> float:
        """Return the seconds that all its threads have computed so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def metric(self, name: str) -> float:
        """Return a figure from /metrics, summed over its labels."""
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:  # noqa: S310 - loopback
            lines = answer.read().decode().splitlines()
        values = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
        return sum(float(value) for key, value in values if key.partition("{")[0] == name)


@contextmanager
def engine(model: Path, *, adapters: Sequence[Path] = (), **settings: object) -> Iterator[Server]:
    """Run Attune's engine; settings are those of ATTUNE_ENGINE_."""
    port = free_port()
    values = {"MODEL": model.resolve(), "PORT": port, "ADAPTER_DIR": model.resolve().parent, "LOG_LEVEL": "WARNING"}
    variables = [f"ATTUNE_ENGINE_{name}={value}" for name, value in {**values, **settings}.items()]
    with _running("Attune", ["/usr/bin/env", *variables, sys.executable, "-m", "serving"], port) as process:
        url = f"http://127.0.0.1:{port}"
        for number, path in enumerate(adapters):
            register(url, f"adapter-{number}", path)
        yield Server(name="Attune", url=url, process=process, chosen=_by_name)


@contextmanager
def llama_server(
    program: Path, model: Path, *, adapters: Sequence[Path], threads: int, slots: int, slot_tokens: int
) -> Iterator[Server]:
    """Run llama.cpp's server with a slot per conversation."""
    port = free_port()
    command: list[object] = [program, "--model", model, "--host", "127.0.0.1", "--port", port]
    command += ["--threads", threads, "--threads-batch", threads, "--parallel", slots]
    command += ["--ctx-size", slots * slot_tokens]
    if adapters:
        command += ["--lora", ",".join(str(path) for path in adapters), "--lora-init-without-apply"]
    with _running("llama-server", [str(part) for part in command], port) as process:
        yield Server(
            name="llama-server", url=f"http://127.0.0.1:{port}", process=process, chosen=_by_scales(len(adapters))
        )


def register(url: str, adapter_id: str, path: Path) -> None:
    """Make an adapter file known to a running engine."""
    body = json.dumps({"id": adapter_id, "path": str(path.resolve())}).encode()
    request = urllib.request.Request(f"{url}/v1/adapters", body, {"Content-Type": "application/json"})  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - loopback


def _by_name(adapter: int | None) -> dict[str, Any]:
    return {"model": "base" if adapter is None else f"adapter-{adapter}"}


def _by_scales(count: int) -> Callable[[int | None], dict[str, Any]]:
    return lambda adapter: {"lora": [{"id": one, "scale": float(one == adapter)} for one in range(count)]}


@contextmanager
def _running(name: str, command: Sequence[str], port: int) -> Iterator[psutil.Process]:
    with tempfile.TemporaryFile() as printed, running(name, command, port, printed) as process:
        yield process


@contextmanager
def running(name: str, command: Sequence[str], port: int, printed: IO[bytes]) -> Iterator[psutil.Process]:
    """Run a server until the block ends; what it printed is shown if it does not start."""
    process = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(name, process, port, printed)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait_until_healthy(name: str, process: subprocess.Popen[bytes], port: int, printed: IO[bytes]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _START_S and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
            return
        time.sleep(0.1)
    printed.seek(0)
    sys.exit(f"{name} does not start:\n{printed.read().decode(errors='replace')[-2000:]}")


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
