"""The bot as it runs, between a Teams and an engine on loopback."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp.test_utils import TestServer

from bot.app import make_app
from bot.loopback import Loopback, PersonalChat
from bot.settings import Settings
from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source, make_tenant
from tests.fakes.engine import FakeEngine
from tests.fakes.microsoft365 import Microsoft365
from tuning.domain.documents import DocumentPassage
from tuning.domain.releases import ReleaseState
from tuning.governance.tenant import Tenant
from tuning.store import Store, documents


@pytest.fixture
def tenant(migrated, tmp_path) -> Iterator[Tenant]:
    """Ana's agent is live for all staff; it has two documents, one of them for leads only."""
    shutil.copy(migrated, tmp_path / "store.db")
    store = Store(f"sqlite:///{tmp_path}/store.db")
    keep(store, make_source())
    with store.transaction() as session:
        for title, readers, text in (
            ("Rail", ["organisation"], "Trips under 600 km are booked by rail. Receipts are kept."),
            ("Bonus", ["leads"], "The bonus for trips is 40 euros."),
        ):
            document = make_document(title, readers, label="General", url=f"https://docs.example/{title.lower()}")
            documents.save(session, document)
            passage = DocumentPassage(document_id=document.id, position=0, heading="Trips", text=text)
            documents.replace_passages(session, document.id, [passage])
    keep(
        store,
        make_agent(live_release_id="release", starters=["How do I book a trip?"], description="Trips."),
        make_run(),
        make_release(state=ReleaseState.LIVE),
    )
    yield make_tenant(store, tmp_path)
    store.close()


@pytest.fixture(scope="session")
def microsoft365_server(tmp_path_factory) -> Iterator[Microsoft365]:
    """The server; making its certificates takes longer than most tests."""
    with Microsoft365(tmp_path_factory.mktemp("microsoft365")) as server:
        yield server


@pytest.fixture
def microsoft365(microsoft365_server: Microsoft365) -> Microsoft365:
    """The server without anything of the test before."""
    microsoft365_server.clear()
    return microsoft365_server


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine() as engine:
        yield engine


@pytest.fixture
def settings(engine) -> Settings:
    return Settings(development=True, engine_url=engine.url, admin_group="admins")


@pytest.fixture
async def bot(settings, tenant) -> AsyncIterator[TestServer]:
    server = TestServer(make_app(settings, tenant))
    async with server:
        yield server


@pytest.fixture
async def teams(bot) -> AsyncIterator[Loopback]:
    async with Loopback(f"http://127.0.0.1:{bot.port}") as teams:
        yield teams


@pytest.fixture
def chat(teams):
    """Return a person's chat with the bot."""

    def open_chat(person_id: str, scope: str = "personal") -> PersonalChat:
        return PersonalChat(teams, person_id=person_id, name=person_id.title(), tenant_id="tenant", scope=scope)

    return open_chat
