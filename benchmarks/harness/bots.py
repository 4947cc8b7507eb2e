"""Bots as processes of their own: Attune's, with an agent that answers, and the one it is compared with."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.harness.servers import free_port, running
from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tuning.domain.documents import DocumentPassage
from tuning.domain.releases import ReleaseState
from tuning.store import Store, documents

AGENT = "agent"
TEXT = "Trips under 600 km are booked by rail. Receipts are kept until the end of the year."


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A bot that listens."""

    name: str
    url: str
    process: psutil.Process
    log: Path
    """What it printed so far."""

    def cpu_s(self) -> float:
        """Return the processor time that it has taken so far, in seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def attune(folder: Path, people: Sequence[str], engine_url: str) -> Iterator[Bot]:
    """Run Attune's bot on SQLite for an organisation of these people, who may all ask one agent."""
    url = f"sqlite:///{folder}/store.db"
    _fill(url)
    users = [{"id": one, "name": one.title(), "mail": f"{one}@example.com"} for one in ("ana", *people)]
    groups = [{"id": "staff", "name": "Staff", "members": ["ana", *people]}]
    (folder / "people.json").write_text(json.dumps({"tenant_id": "tenant", "users": users, "groups": groups}), "utf-8")
    settings = {
        "DEVELOPMENT": 1,
        "STORE_URL": url,
        "TENANT": folder,
        "ARTIFACTS": folder / "artifacts",
        "ENGINE_URL": engine_url,
        "ADMIN_GROUP": "staff",
    }
    variables = [f"ATTUNE_{name}={value}" for name, value in settings.items()]
    yield from _bot("Attune", [*variables, "ATTUNE_PORT={port}", sys.executable, "-m", "bot"], folder)


@contextmanager
def echo(folder: Path) -> Iterator[Bot]:
    """Run the bot that echoes."""
    yield from _bot("botbuilder's echo bot", [sys.executable, "-m", "benchmarks.harness.echo_bot", "{port}"], folder)


def _bot(name: str, command: Sequence[str], folder: Path) -> Iterator[Bot]:
    port, log = free_port(), folder / "log"
    filled = [part.replace("{port}", str(port)) for part in command]
    with log.open("w+b") as printed, running(name, ["/usr/bin/env", *filled], port, printed) as process:
        yield Bot(name=name, url=f"http://127.0.0.1:{port}", process=process, log=log)


def _fill(url: str) -> None:
    """Put an agent with a live release and one document into a new store."""
    store = Store(url)
    store.migrate()
    keep(store, make_source())
    with store.transaction() as session:
        document = make_document("Rail", url="https://docs.example/rail")
        documents.save(session, document)
        passage = DocumentPassage(document_id=document.id, position=0, heading="Trips", text=TEXT)
        documents.replace_passages(session, document.id, [passage])
    keep(store, make_agent(live_release_id="release"), make_run(), make_release(state=ReleaseState.LIVE))
    store.close()
