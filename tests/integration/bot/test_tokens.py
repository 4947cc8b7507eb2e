"""The whole bot as it is reached from the internet: what is not genuine is not taken, and makes no noise."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlmodel import select

from bot.app import make_app
from bot.deliveries import TEAMS_REPEATS
from bot.settings import Settings
from bot.signing_keys import SigningKeys
from tests.fakes.bot_framework import APP_ID, FORGED, MISPLACED, SERVICE_URL, TENANT, BotFramework, activity, token
from tuning.domain.deliveries import Delivery

Client = TestClient[Any, Any]
PRESS = {"action": {"type": "Action.Execute", "verb": "agent.pick", "data": {"agent_id": "agent"}}}


@pytest.fixture
def sent(monkeypatch) -> list[Any]:
    """What the bot sends, which goes nowhere."""
    found: list[Any] = []

    async def call(_self, _method, _url, sent, **_):
        found.append(sent)
        return "m1"

    monkeypatch.setattr("bot.connector.Connector._call", call)
    return found


@pytest.fixture
async def client(engine, tenant, sent, monkeypatch) -> AsyncIterator[Client]:
    settings = Settings(
        app_id=APP_ID, app_password=SecretStr("made-up"), tenant_id=TENANT, engine_url=engine.url, admin_group="admins"
    )
    async with BotFramework() as microsoft:
        monkeypatch.setattr("bot.app.SigningKeys", lambda session, _url: SigningKeys(session, microsoft.url))
        async with TestClient(TestServer(make_app(settings, tenant))) as client:
            yield client


async def post(client: Client, body: Any, bearer: str | None) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with client.post("/api/messages", json=body, headers=headers) as response:
        return response.status, await response.text()


def press(**fields: Any) -> dict[str, Any]:
    return activity(type="invoke", name="adaptiveCard/action", value=PRESS, **fields)


REQUESTS: dict[str, tuple[dict[str, Any], str | None]] = {
    **{name: ({}, bearer) for name, bearer in FORGED.items()},
    **{name: (fields, token(serviceurl=fields.get("serviceUrl", SERVICE_URL))) for name, fields in MISPLACED.items()},
}  # fmt: skip


def taken(tenant) -> list[Delivery]:
    with tenant.store.reading() as session:
        return list(session.exec(select(Delivery)))


def is_quiet(caplog) -> bool:
    return not any(one.exc_info or one.levelno >= logging.ERROR for one in caplog.records)


def test_there_are_enough_ways_to_forge():
    assert len(REQUESTS) >= 20


@pytest.mark.parametrize("make", [activity, press], ids=["message", "press"])
async def test_no_request_that_is_not_genuine_is_taken(client, tenant, sent, caplog, make):
    statuses = {}
    for name, (fields, bearer) in REQUESTS.items():
        status, text = await post(client, make(**fields), bearer)
        statuses[name] = status
        assert json.loads(text).keys() == {"error"}, name
        assert "Traceback" not in text
        assert 'File "' not in text
    assert {name: status for name, status in statuses.items() if status not in {401, 403}} == {}
    assert (taken(tenant), sent) == ([], [])
    assert is_quiet(caplog)
    assert "Traceback" not in caplog.text
    assert (await post(client, press(), token()))[0] == 200


async def test_a_press_that_was_recorded_and_is_sent_again_is_refused(client, tenant, caplog):
    recorded, bearer = press(id="p1", timestamp="2026-11-29T10:00:00Z"), token()
    assert [(await post(client, recorded, bearer))[0] for _ in range(2)] == [200, 200]  # as Teams may after a crash
    with tenant.store.transaction() as session:
        delivery = session.exec(select(Delivery)).one()
        delivery.received_at -= TEAMS_REPEATS + timedelta(seconds=1)
        session.add(delivery)
    for again in (bearer, token()):
        status, text = await post(client, recorded, again)
        assert status == 403
        assert "Traceback" not in text
    assert (await post(client, press(id="p2", timestamp="2026-11-29T10:00:01Z"), bearer))[0] == 200
    assert is_quiet(caplog)


async def test_a_message_that_teams_delivers_again_is_taken_once_and_a_recorded_one_is_refused(client, tenant, sent):
    recorded, bearer = activity(id="m1", text="help"), token()
    assert [(await post(client, recorded, bearer))[0] for _ in range(2)] == [202, 202]
    assert len(taken(tenant)) == 1
    with tenant.store.transaction() as session:
        delivery = session.exec(select(Delivery)).one()
        delivery.received_at -= TEAMS_REPEATS + timedelta(seconds=1)
        session.add(delivery)
    assert (await post(client, recorded, bearer))[0] == 403
    assert len(taken(tenant)) == 1
