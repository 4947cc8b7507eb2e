"""The door to Teams: what is not genuine or not an activity is turned away, without a stack trace."""

import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.channel import MAX_BODY_BYTES, AppToken, Channel, Credentials, InvokeReply, SigningKeys
from bot.connector import Connector

APP_ID, TENANT = "b0b0b0b0-0000-4000-8000-000000000001", "7e7e7e7e-0000-4000-8000-000000000002"
SERVICE_URL = "https://smba.trafficmanager.net/emea/"
ISSUER = "https://api.botframework.com"
KIDS = web.AppKey("kids", list)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def activity(**fields):
    return {
        "type": "message",
        "id": "1",
        "channelId": "msteams",
        "serviceUrl": SERVICE_URL,
        "from": {"id": "29:bo", "aadObjectId": "bo"},
        "conversation": {"id": "a:bo", "conversationType": "personal"},
        "recipient": {"id": "28:bot"},
        "channelData": {"tenant": {"id": TENANT}},
        "text": "hello",
        **fields,
    }


def token(key=KEY, kid="known", algorithm="RS256", **claims):
    now = int(time.time())
    valid = {"iss": ISSUER, "aud": APP_ID, "serviceurl": SERVICE_URL, "nbf": now - 60, "exp": now + 600}
    payload = {key: value for key, value in {**valid, **claims}.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


class Received:
    def __init__(self):
        self.activities = []

    async def receive(self, incoming):
        self.activities.append(incoming)
        return InvokeReply(body={"ok": True}) if incoming.type == "invoke" else None


@pytest.fixture
async def microsoft() -> AsyncIterator[TestServer]:
    """Microsoft's key server, with a key that may be rotated."""
    app = web.Application()
    app[KIDS] = ["known"]

    async def metadata(request):
        return web.json_response({"jwks_uri": str(request.url.with_path("/keys"))})

    async def keys(request):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return web.json_response({"keys": [{**public, "kid": kid, "endorsements": ["msteams"]} for kid in app[KIDS]]})

    app.add_routes([web.get("/metadata", metadata), web.get("/keys", keys)])
    server = TestServer(app)
    async with server:
        yield server


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
        channel = Channel(credentials, connector, SigningKeys(session, str(microsoft.make_url("/metadata"))))
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


SECRET = "a-secret-of-the-forger-that-is-long-enough"
FORGED = {
    "no token": None,
    "garbage": "garbage",
    "two words": "Bearer Bearer",
    "another signature": token(key=OTHER_KEY),
    "an unknown key": token(kid="unknown"),
    "no key id": token(kid=None),
    "HS256": token(key=SECRET, algorithm="HS256"),
    "no algorithm": token(key=None, algorithm="none"),
    "expired": token(exp=int(time.time()) - 3600),
    "not valid yet": token(nbf=int(time.time()) + 3600),
    "for another bot": token(aud="somebody-else"),
    "another issuer": token(iss="https://evil.example"),
    "the emulator": token(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", ver="1.0", appid=APP_ID),
    "a skill": token(ver="1.0", appid="11111111-0000-4000-8000-000000000003"),
    "another service": token(serviceurl="https://smba.trafficmanager.net/amer/"),
    "no issuer": token(iss=None),
}


@pytest.mark.parametrize("bearer", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_turned_away(client, received, bearer):
    status, text = await post(client, activity(), bearer)
    assert status == 401
    assert "Traceback" not in text
    assert not received.activities


@pytest.mark.parametrize(
    "fields",
    [
        {"channelData": {"tenant": {"id": "another"}}},
        {"channelData": {}},
        {"channelId": "webchat"},
    ],
)
async def test_another_tenant_or_channel_is_turned_away(client, received, fields):
    assert (await post(client, activity(**fields), token()))[0] == 401
    assert not received.activities


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://smba.trafficmanager.net/",
        "https://u@smba.trafficmanager.net/",
        "http://127.0.0.1/",
    ],
)
async def test_replies_never_go_to_a_host_that_is_not_allowed(client, received, url):
    assert (await post(client, activity(serviceUrl=url), token(serviceurl=url)))[0] == 401
    assert not received.activities


async def test_a_new_key_of_microsofts_is_looked_up(client, microsoft, monkeypatch):
    monkeypatch.setattr("bot.channel.UNKNOWN_KEY_PAUSE_S", 0.0)
    assert (await post(client, activity(), token()))[0] == 202
    microsoft.app[KIDS][:] = ["known", "fresh"]
    assert (await post(client, activity(), token(kid="fresh")))[0] == 202


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
