"""Microsoft's Bot Framework as far as a bot must trust it: keys over HTTP, and tokens signed with them or not."""

import json
import time
from typing import Any, Self

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID, TENANT = "b0b0b0b0-0000-4000-8000-000000000001", "7e7e7e7e-0000-4000-8000-000000000002"
SERVICE_URL = "https://smba.trafficmanager.net/emea/"
ISSUER = "https://api.botframework.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_SECRET = "a-secret-of-the-forger-that-is-long-enough"


class BotFramework:
    """Where the keys are; which of them there are may change, and whether anything answers."""

    def __init__(self) -> None:
        self.kids = ["known"]
        self.status = 200
        self.asked = 0
        app = web.Application()
        app.add_routes([web.get("/metadata", self._metadata), web.get("/keys", self._keys)])
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        """Where a bot begins to look."""
        return str(self._server.make_url("/metadata"))

    async def _metadata(self, request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"jwks_uri": str(request.url.with_path("/keys"))}, status=self.status)

    async def _keys(self, _request: web.Request) -> web.Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return web.json_response({"keys": [{**public, "kid": kid, "endorsements": ["msteams"]} for kid in self.kids]})


def activity(**fields: Any) -> dict[str, Any]:
    """Return a message as Teams delivers it."""
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


def token(key: Any = KEY, kid: str | None = "known", algorithm: str = "RS256", **claims: Any) -> str:
    """Return a token for the bot; claims that are None are left out."""
    now = int(time.time())
    valid = {"iss": ISSUER, "aud": APP_ID, "serviceurl": SERVICE_URL, "nbf": now - 60, "exp": now + 600}
    payload = {name: value for name, value in {**valid, **claims}.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def _tampered() -> str:
    """Return a genuine token whose claims were exchanged for those of another."""
    head, _, signature = token().split(".")
    return ".".join([head, token(sub="admin").split(".")[1], signature])


FORGED: dict[str, str | None] = {
    "no token": None,
    "garbage": "garbage",
    "two words": "Bearer Bearer",
    "another signature": token(key=OTHER_KEY),
    "other claims under the signature": _tampered(),
    "an unknown key": token(kid="unknown"),
    "no key id": token(kid=None),
    "HS256": token(key=_SECRET, algorithm="HS256"),
    "no algorithm": token(key=None, algorithm="none"),
    "expired": token(exp=int(time.time()) - 3600),
    "no end": token(exp=None),
    "not valid yet": token(nbf=int(time.time()) + 3600),
    "for another bot": token(aud="c0c0c0c0-0000-4000-8000-000000000009"),
    "for nobody": token(aud=None),
    "another issuer": token(iss="https://evil.example"),
    "no issuer": token(iss=None),
    "the emulator": token(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", ver="1.0", appid=APP_ID),
    "the emulator, version 2": token(
        iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0", ver="2.0", azp=APP_ID
    ),
    "a skill": token(ver="1.0", appid="11111111-0000-4000-8000-000000000003"),
    "another service": token(serviceurl="https://smba.trafficmanager.net/amer/"),
    "no service": token(serviceurl=None),
}
"""Tokens that prove nothing, by what is wrong with them."""
MISPLACED: dict[str, dict[str, Any]] = {
    "another tenant": {"channelData": {"tenant": {"id": "another"}}},
    "no tenant": {"channelData": {}},
    "another channel": {"channelId": "webchat"},
    "the emulator's channel": {"channelId": "emulator"},
    "a service nobody knows": {"serviceUrl": "https://evil.example/"},
    "a service in the clear": {"serviceUrl": "http://smba.trafficmanager.net/emea/"},
    "this machine": {"serviceUrl": "http://127.0.0.1:3978/"},
    "the machine's metadata": {"serviceUrl": "http://169.254.169.254/"},
    "a name before the host": {"serviceUrl": "https://smba.trafficmanager.net@evil.example/"},
}
"""What is wrong with activities under a token that is genuine for their service."""
