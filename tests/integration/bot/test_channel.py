"""The door to Teams: what is not genuine or not an activity is turned away, without a stack trace."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channel import MAX_BODY_BYTES, AppToken, Channel, Credentials
from bot.connector import Connector
from bot.signing_keys import SigningKeys
from bot.turn import InvokeReply
from tests.fakes.bot_framework import APP_ID, FORGED, MISPLACED, SERVICE_URL, TENANT, BotFramework, activity, token


class Received:
    def __init__(self):
        self.activities = []

    async def receive(self, incoming):
        self.activities.append(incoming)
        return InvokeReply(body={"ok": True}) if incoming.type == "invoke" else None


@pytest.fixture
async def microsoft() -> AsyncIterator[BotFramework]:
    async with BotFramework() as microsoft:
        yield microsoft


@pytest.fixture
async def received() -> Received:
    return Received()


@pytest.fixture
async def client(microsoft, received) -> AsyncIterator[TestClient[Any, Any]]:
    credentials = Credentials(app_id=APP_ID, password="made-up", tenant_id=TENANT)
    async with aiohttp.ClientSession() as session:
        connector = Connector(
            session, hosts=["smba.trafficmanager.net"], is_loopback_allowed=False, token=AppToken(credentials)
        )
        channel = Channel(credentials, connector, SigningKeys(session, microsoft.url))
        app = web.Application(client_max_size=MAX_BODY_BYTES)

        async def receive(request):
            return await channel.process(request, received)

        app.add_routes([web.post("/api/messages", receive)])
        async with TestClient(TestServer(app)) as client:
            yield client


async def post(client, body, bearer=None):
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with client.post("/api/messages", json=body, headers=headers) as response:
        return response.status, await response.text()


async def test_a_signed_activity_is_taken(client, received):
    assert await post(client, activity(), token()) == (202, "")
    assert received.activities[0].person_id == "bo"


async def test_the_body_that_answers_an_invoke_arrives(client):
    assert await post(client, activity(type="invoke", name="adaptiveCard/action"), token()) == (200, '{"ok": true}')


@pytest.mark.parametrize("bearer", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_turned_away(client, received, bearer):
    status, text = await post(client, activity(), bearer)
    assert status == 401
    assert "Traceback" not in text
    assert not received.activities


@pytest.mark.parametrize("fields", MISPLACED.values(), ids=MISPLACED)
async def test_another_tenant_channel_or_service_is_turned_away(client, received, fields):
    bearer = token(serviceurl=fields.get("serviceUrl", SERVICE_URL))
    assert (await post(client, activity(**fields), bearer))[0] == 401
    assert not received.activities


async def test_a_new_key_of_microsofts_is_looked_up(client, microsoft, monkeypatch):
    monkeypatch.setattr("bot.signing_keys.UNKNOWN_KEY_PAUSE_S", 0.0)
    assert (await post(client, activity(), token()))[0] == 202
    microsoft.kids = ["fresh"]
    assert (await post(client, activity(), token(kid="fresh")))[0] == 202
    assert (await post(client, activity(), token()))[0] == 401  # a key that was taken out of use


async def test_unknown_keys_are_not_looked_up_all_the_time(client, microsoft):
    for _ in range(5):
        assert (await post(client, activity(), token(kid="unknown")))[0] == 401
    assert microsoft.asked == 1


async def test_known_keys_go_on_while_microsoft_does_not_answer(client, microsoft, monkeypatch):
    assert (await post(client, activity(), token()))[0] == 202
    monkeypatch.setattr("bot.signing_keys.AGE_S", 0.0)
    microsoft.status = 503
    assert (await post(client, activity(), token()))[0] == 202
    monkeypatch.setattr("bot.signing_keys.UNKNOWN_KEY_PAUSE_S", 3600.0)
    asked = microsoft.asked
    assert [(await post(client, activity(), token(kid="fresh")))[0] for _ in range(3)] == [401] * 3
    assert microsoft.asked == asked


@pytest.mark.parametrize(
    "body", [[], 1, "text", None, {}, {"type": 3}, {"type": "message"}, {"type": "message", "conversation": []}]
)
async def test_what_is_no_activity_is_answered_400(client, body):
    status, text = await post(client, body, token())
    assert status == 400
    assert json.loads(text)["error"]["message"]


async def test_what_is_not_json_is_answered_400(client):
    for body, kind in ((b"{", "application/json"), (b"[" * 100_000, "application/json"), (b"{}", "text/plain")):
        async with client.post("/api/messages", data=body, headers={"Content-Type": kind}) as response:
            assert response.status == 400


async def test_a_body_that_is_too_large_is_answered_413(client):
    body = io.BytesIO(json.dumps(activity(text="x" * 2 * MAX_BODY_BYTES)).encode())
    async with client.post("/api/messages", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 413
