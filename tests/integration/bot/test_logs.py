"""What is logged of one question, by the bot's process and the engine's, and that no word of it is."""

import asyncio
import hashlib
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.loopback import Loopback, PersonalChat
from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tests.integration.serving.conftest import tiny_model  # noqa: F401 - the fixture
from tests.integration.serving.test_server import Server
from tuning.domain.documents import DocumentPassage
from tuning.domain.releases import ReleaseState
from tuning.sources.people import FilePeople
from tuning.store import Store, documents

pytestmark = pytest.mark.timeout(900)
PLANTED = ("quokkawort", "numbatwort", "wombatwort", "bilbywort")
"""In the question, in the document, in the owner's instructions, and in what is asked when no agent may answer."""


@pytest.fixture
def store(migrated, tmp_path) -> Store:
    shutil.copy(migrated, tmp_path / "store.db")
    return Store(f"sqlite:///{tmp_path}/store.db")


@pytest.fixture
def engine(tiny_model, tmp_path):  # noqa: F811 - the fixture
    folder = tiny_model.adapters["red"].parents[1]
    settings = {"log_format": "json", "log_level": "DEBUG", "context_tokens": "4096", "answer_tokens": "24"}
    server = Server(tiny_model.gguf, folder, tmp_path / "engine.log", **settings)
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def agent(store, engine, tiny_model):  # noqa: F811 - the fixture
    """An agent for everybody, live with an adapter that the engine has not loaded yet."""
    adapter = tiny_model.adapters["red"]
    digest = hashlib.sha256(adapter.read_bytes()).hexdigest()
    document = make_document("Rail")
    keep(store, make_source(), make_run(id="run"))
    with store.transaction() as session:
        documents.save(session, document)
        text = f"Trips are booked by {PLANTED[1]}."
        documents.replace_passages(
            session, document.id, [DocumentPassage(document_id=document.id, position=0, heading="", text=text)]
        )
    values = {"audience": ["organisation"], "adapter_path": str(adapter), "adapter_sha256": digest}
    keep(
        store,
        make_release(state=ReleaseState.LIVE, **values),
        make_agent(audience=["organisation"], live_release_id="release", instructions=f"Say {PLANTED[2]}."),
    )
    return "Travel"


@pytest.fixture
async def teams(root, store, engine, agent, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "DEVELOPMENT": "1",
        "PORT": str(port),
        "STORE_URL": str(store.url),
        "TENANT": str(root / "sample_tenant"),
        "ENGINE_URL": engine.url,
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": "json",
    }
    environment = [f"ATTUNE_{name}={value}" for name, value in settings.items()]
    with (tmp_path / "bot.log").open("w") as log:
        bot = subprocess.Popen(  # noqa: ASYNC220 - it runs beside the test
            ["env", *environment, sys.executable, "-m", "bot"], stdout=log, stderr=log, cwd=root
        )
    try:
        await until_up(f"http://127.0.0.1:{port}/health")
        async with Loopback(f"http://127.0.0.1:{port}") as teams:
            yield teams
    finally:
        bot.terminate()
        assert bot.wait(60) == 0


async def until_up(url: str) -> None:
    async with asyncio.timeout(120), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)


def lines(path: Path) -> list[dict[str, Any]]:
    """Return a log's lines, each of which must be an object."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_question_is_followed_from_activity_to_engine_and_no_word_of_it_is_logged(
    root, teams, engine, agent, tmp_path
):
    person = FilePeople(root / "sample_tenant/people.json").personas[0]
    ines = PersonalChat(teams, person_id=person.id, name=person.name, tenant_id="t")
    await ines.say(f"What about {PLANTED[3]}?")
    listed = await ines.say("agents", wanted=lambda sent: sent.card is not None)
    assert listed.card
    await ines.press(listed.card, f"Ask {agent}")
    answer = await ines.say(f"How are trips booked, {PLANTED[0]}?", wanted=lambda sent: "\n\n_" in sent.text)
    said = answer.text.split("\n\n_")[0]
    await asyncio.to_thread(engine.stop)
    await ines.say(f"And {PLANTED[0]} again?", wanted=lambda sent: "engine" in sent.text)

    bot, served = lines(tmp_path / "bot.log"), lines(tmp_path / "engine.log")
    asked = [line for line in served if "/v1/chat/completions" in line["message"]]
    assert {line["message"].split(":")[1].split()[0] for line in asked} >= {"200"}
    (request_id,) = {line["request_id"] for line in asked}
    about_it = [line["message"] for line in bot if line["request_id"] == request_id]
    assert "A turn is over: message" in about_it
    loads = [line for line in served if "/v1/adapters" in line["message"]]
    assert {line["request_id"] for line in loads} == {request_id}
    everything = (tmp_path / "bot.log").read_text() + (tmp_path / "engine.log").read_text()
    assert len(said) > 8
    assert not [text for text in (*PLANTED, said, json.dumps(said)[1:-1]) if text in everything]
