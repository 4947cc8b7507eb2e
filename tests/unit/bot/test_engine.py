"""The bot's way to the engine, over HTTP on loopback: when it is busy, when it is gone, and how it counts."""

import asyncio
from contextlib import aclosing

import pytest
from aiohttp import web

from bot.engine import Engine, Model
from bot.errors import EngineBusy, EngineDown
from tests.fakes.engine import FakeEngine
from tuning.domain.prompts import Message

MODEL = Model(id="release", path="adapter.gguf", sha256="a" * 64)
ASKED: list[Message] = [{"role": "user", "content": "How?"}]


@pytest.fixture
async def engine():
    async with FakeEngine() as engine:
        yield engine


@pytest.fixture
async def client(engine):
    client = Engine(engine.url, retry_pause_s=0.01, patience_s=0.1, busy_patience_s=20.0)
    yield client
    await client.close()


@pytest.fixture
async def hasty(engine):
    client = Engine(engine.url, busy_patience_s=0.0)
    yield client
    await client.close()


async def answer(client):
    return [text async for text in client.answer(MODEL, ASKED, max_tokens=9)][-1]


async def test_an_engine_that_wants_a_key_gets_it(engine, client):
    await answer(client)
    assert engine.authorisations == {""}
    with_key = Engine(engine.url, api_key="secret")
    await answer(with_key)
    await with_key.close()
    assert engine.authorisations == {"", "Bearer secret"}


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_engine_is_asked_again_when_it_said(engine, client, status):
    engine.status, engine.retry_after, engine.busy_for = status, "1", 1
    began = asyncio.get_running_loop().time()
    assert (await answer(client)).startswith("Trips")
    assert asyncio.get_running_loop().time() - began >= 1


@pytest.mark.parametrize(
    ("retry_after", "says"), [("30", "again in 30 seconds"), ("soon", "in a minute"), ("", "in a minute")]
)
async def test_who_would_have_to_wait_too_long_is_told_when_to_try_again(engine, hasty, retry_after, says):
    engine.status, engine.retry_after = 429, retry_after
    with pytest.raises(EngineBusy) as refused:
        await answer(hasty)
    assert says in refused.value.sentence


async def test_an_engine_that_is_gone_is_waited_for_and_then_said_to_be_down(client, engine):
    await engine.__aexit__()
    with pytest.raises(EngineDown) as refused:
        await answer(client)
    assert "tell an admin" in refused.value.sentence


async def test_tokens_are_counted_by_the_engine_and_guessed_without_one(client, engine):
    assert await client.count("one two three") == 3
    await engine.__aexit__()
    assert await client.count("one two three") == 7


@pytest.mark.parametrize("status", [500, 502])
async def test_an_engine_that_fails_is_asked_once_more(engine, client, status):
    engine.status, engine.busy_for = status, 1
    assert (await answer(client)).startswith("Trips")
    engine.busy_for = 10
    with pytest.raises(EngineDown):
        await answer(client)


async def test_an_answer_that_breaks_off_is_begun_anew_once(engine, client):
    engine.cuts = [2]
    texts = [text async for text in client.answer(MODEL, ASKED, max_tokens=9)]
    assert texts[:3] == ["Trips ", "Trips are ", "Trips "]
    assert texts[-1].strip() == "Trips are booked by rail [1]."
    engine.cuts = [2, 2]
    with pytest.raises(EngineDown):
        await answer(client)


async def test_an_answer_that_is_left_stops_the_engine(engine, client):
    engine.says, engine.pause_s = lambda _request: "word " * 1000, 0.01
    async with aclosing(client.answer(MODEL, ASKED, max_tokens=9)) as texts:
        async for text in texts:
            if len(text.split()) > 3:
                break
    async with asyncio.timeout(5):
        while not engine.closed_early:  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.01)


class OtherServer(FakeEngine):
    """A server that writes its events as others do."""

    events = b""

    async def _chat(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(self.events)
        return response


PIECE = b'{"choices": [{"index": 0, "delta": {"content": "By rail."}}]}'


async def test_events_of_other_servers_are_read_and_their_errors_heard():
    async with OtherServer() as engine:
        client = Engine(engine.url, retry_pause_s=0.01, patience_s=0.1)
        engine.events = (
            b": waiting\r\n\r\ndata:" + PIECE + b'\r\n\r\ndata: {"choices": [], "usage": {}}\n\ndata:[DONE]\n\n'
        )
        assert await answer(client) == "By rail."
        for broken in (b"data: " + PIECE + b"\n\n", b'data: {"error": {"message": "No memory.", "code": null}}\n\n'):
            engine.events = broken
            with pytest.raises(EngineDown):
                await answer(client)
        await client.close()
