"""The whole bot with sign-in, between a Teams that signs its requests and a Microsoft 365 over loopback TLS."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from bot.app import make_app
from bot.channel import METADATA_URL
from bot.settings import Settings
from bot.signing_keys import SigningKeys
from tests.fakes import bot_framework
from tests.fakes.bot_framework import BotFramework
from tests.fakes.microsoft365 import CLIENT, TENANT, Microsoft365
from tuning.governance.tenant import Tenant

HOST = "attune.example.com"
OAUTH_CARD = "application/vnd.microsoft.card.oauth"


class Teams:
    """What people do in Teams, and what the bot sends there."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._numbers = itertools.count(1)

    async def call(self, method: str, url: str, activity: dict[str, Any]) -> str:
        self.sent.append((url.partition("/conversations/")[2].partition("/")[0], activity))
        return f"m{len(self.sent)}" if method == "POST" else ""

    async def post(self, person_id: str, kind: str, *, scope: str = "personal", **fields: Any) -> tuple[int, Any]:
        chat = {"id": f"a-{person_id}" if scope == "personal" else scope, "conversationType": scope}
        body = bot_framework.activity(
            type=kind,
            **{"id": f"u{next(self._numbers)}", "timestamp": "2026-11-30T00:00:00Z", **fields},
            conversation=chat,
            channelData={"tenant": {"id": TENANT}},
            **{"from": {"id": f"29:{person_id}", "aadObjectId": person_id}},
        )
        headers = {"Authorization": f"Bearer {bot_framework.token(aud=CLIENT)}"}
        async with self.client.post("/api/messages", json=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def say(self, person_id: str, text: str, *, scope: str = "personal", **fields: Any) -> None:
        status, _ = await self.post(person_id, "message", text=text, textFormat="plain", scope=scope, **fields)
        assert status == 202

    async def hand_over(self, person_id: str, request_id: str, token: Any, **fields: Any) -> tuple[int, Any]:
        value = {"id": request_id, "connectionName": "", "token": token}
        return await self.post(person_id, "invoke", name="signin/tokenExchange", value=value, **fields)

    async def until(self, wanted: Callable[[dict[str, Any]], Any], *, after: int = 0) -> dict[str, Any]:
        """The first activity that is wanted, of those sent after so many."""
        async with asyncio.timeout(20):
            while True:
                for _chat, activity in self.sent[after:]:
                    if wanted(activity):
                        return activity
                await asyncio.sleep(0.02)

    async def asked(self, *, after: int = 0) -> dict[str, Any]:
        """What the card says that asks for a token."""
        card = await self.until(lambda sent: sign_in_card(sent) is not None, after=after)
        return sign_in_card(card) or {}

    async def sign_in(self, person_id: str, microsoft365: Microsoft365) -> None:
        """Sign a person in, as Teams does without their seeing it."""
        after = len(self.sent)
        await self.say(person_id, "sign in")
        asked = await self.asked(after=after)
        status, _ = await self.hand_over(
            person_id, asked["tokenExchangeResource"]["id"], microsoft365.sso_token(person_id)
        )
        assert status == 200
        await self.until(lambda sent: "signed in" in sent.get("text", ""), after=after)


def sign_in_card(activity: dict[str, Any]) -> dict[str, Any] | None:
    found = [one["content"] for one in activity.get("attachments", []) if one["contentType"] == OAUTH_CARD]
    return found[0] if found else None


def settings_of(microsoft365: Microsoft365, engine_url: str, **values: Any) -> Settings:
    return Settings(
        **{
            "app_id": CLIENT,
            "app_password": SecretStr("right"),
            "tenant_id": TENANT,
            "public_url": f"https://{HOST}",
            "login_url": microsoft365.url,
            "graph_url": f"{microsoft365.url}/v1.0",
            "graph_authorities": microsoft365.trust,
            "engine_url": engine_url,
            "admin_group": "admins",
            "sign_in": True,
            **values,
        }
    )


@asynccontextmanager
async def teams_with(settings: Settings, tenant: Tenant, monkeypatch: Any) -> AsyncIterator[Teams]:
    """Start the bot, and a Teams that reaches it."""
    tenant = replace(tenant, is_signing_in=settings.sign_in)
    async with BotFramework() as framework:

        def keys(session: Any, url: str) -> SigningKeys:
            return SigningKeys(session, framework.url if url == METADATA_URL else url)

        monkeypatch.setattr("bot.app.SigningKeys", keys)
        async with TestClient(TestServer(make_app(settings, tenant))) as client:
            teams = Teams(client)
            monkeypatch.setattr("bot.connector.Connector._call", lambda _connector, *asked, **how: teams.call(*asked))
            yield teams
