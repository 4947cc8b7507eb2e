"""The bot signs in without a secret, as Azure's instance metadata service documents it."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import NotDelivered
from bot.managed_identity import EARLY_S, IdentityToken


class Metadata:
    def __init__(self):
        self.asked = []
        self.answer = {"access_token": "made-up", "expires_in": "86399", "token_type": "Bearer"}
        self.status = 200

    async def handle(self, request):
        self.asked.append((dict(request.query), request.headers.get("Metadata")))
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def metadata():
    return Metadata()


@pytest.fixture
async def token(metadata):
    app = web.Application()
    app.router.add_get("/token", metadata.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield IdentityToken(session, "bot", str(server.make_url("/token")))


async def test_a_token_is_asked_for_once_as_long_as_it_lasts(token, metadata):
    assert [await token() for _ in range(3)] == ["made-up"] * 3
    wanted = {"api-version": "2018-02-01", "resource": "https://api.botframework.com", "client_id": "bot"}
    assert metadata.asked == [(wanted, "true")]


async def test_a_token_that_ends_soon_is_replaced(token, metadata):
    metadata.answer["expires_in"] = str(EARLY_S)
    await token()
    await token()
    assert len(metadata.asked) == 2


@pytest.mark.parametrize(("status", "answer"), [(400, {}), (200, {}), (200, []), (200, {"access_token": "x"})])
async def test_a_machine_without_the_identity_says_what_to_do(token, metadata, status, answer):
    metadata.status, metadata.answer = status, answer
    with pytest.raises(NotDelivered, match="assign it to the machine"):
        await token()
