"""What the engine is shown for a question that somebody asks in the chat 'chat'."""

import aiohttp

from bot.answering import Answering
from bot.engine import Engine
from bot.files import Files
from tests.fakes.engine import FakeEngine
from tests.fakes.turn import FakeTurn
from tuning.governance.tenant import Tenant


async def prompt_of(tenant: Tenant, question: str, activity_id: str) -> str:
    """Ask, and return the last message of the engine's prompt."""
    async with FakeEngine() as engine, aiohttp.ClientSession() as session:
        client = Engine(engine.url, retry_pause_s=0.0)
        answering = Answering(tenant, client, Files(tenant, session, is_loopback_allowed=True))
        assert await answering.answer(FakeTurn(question, activity_id=activity_id), question)
        await client.close()
        return engine.prompt()
