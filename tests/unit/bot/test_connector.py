"""How messages get to Teams: patience with 'later', none with 'no', and nothing to hosts that are not allowed."""

import asyncio
import gc
from collections import deque
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import connector as module
from bot.channel import AppToken, Credentials
from bot.connector import Connector
from bot.errors import NotDelivered, StreamStopped
from bot.intake import Work
from bot.teams_turn import PersonalStream, TeamsTurn
from bot.turn import Incoming, Message, Scope


class Teams:
    """Answers with the next of the responses given, then 201."""

    def __init__(self):
        self.calls = []
        self.answers: deque[tuple[int, Any, dict[str, str]]] = deque()

    async def handle(self, request):
        self.calls.append((request.method, request.path, await request.json(), request.headers))
        status, body, headers = self.answers.popleft() if self.answers else (201, {"id": f"m{len(self.calls)}"}, {})
        return web.json_response(body, status=status, headers=headers)


@pytest.fixture
def pauses(monkeypatch):
    """How long the connector waited; no time passes."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr("bot.connector.asyncio.sleep", sleep)
    return waited


@pytest.fixture
async def teams():
    return Teams()


@pytest.fixture
async def server(teams):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", teams.handle)
    async with TestServer(app) as server:
        yield server


async def token():
    return "made-up"


@pytest.fixture
async def connector():
    async with aiohttp.ClientSession() as session:
        yield Connector(session, hosts=["smba.trafficmanager.net"], is_loopback_allowed=True, token=token)


@pytest.fixture
def reference(server):
    return {
        "serviceUrl": f"http://127.0.0.1:{server.port}/emea/",
        "conversation": {"id": "a:1/2"},
        "bot": {},
        "user": {},
    }


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("https://smba.trafficmanager.net/emea/", True),
        ("http://127.0.0.1:5000", True),
        ("https://smba.trafficmanager.net.evil.example/", False),
        ("https://evil.example/?smba.trafficmanager.net", False),
        ("file:///etc/passwd", False),
        ("http://[", False),
        ("", False),
    ],
)
async def test_hosts_are_compared_whole(connector, url, is_trusted):
    assert connector.trusts(url) is is_trusted


async def test_a_token_that_is_refused_is_asked_for_again(teams, server, reference, pauses):
    given = deque([NotDelivered(0, "Entra gives the bot no token."), "made-up"])

    async def later():
        if isinstance(token := given.popleft(), NotDelivered):
            raise token
        return token

    async with aiohttp.ClientSession() as session:
        connector = Connector(session, hosts=[], is_loopback_allowed=True, token=later)
        assert await connector.post(reference, {"type": "message"}) == "m1"
        assert len(pauses) == 1
        given.append(NotDelivered(0, "Entra gives the bot no token."))
        with pytest.raises(NotDelivered, match="no token"):
            await connector.post(reference, {"type": "message"}, is_retried=False)


@pytest.mark.parametrize("error", [PermissionError("Failed to get access token"), ConnectionError("Entra is away")])
async def test_without_a_token_of_entras_nothing_is_delivered(monkeypatch, error):
    def refuse(_credentials):
        raise error

    monkeypatch.setattr("bot.channel.MicrosoftAppCredentials.get_access_token", refuse)
    with pytest.raises(NotDelivered, match="Entra gives the bot no token"):
        await AppToken(Credentials(app_id="app", password="made-up", tenant_id="tenant"))()


async def test_a_message_goes_to_its_chat_with_the_bots_token(connector, teams, reference):
    assert await connector.post(reference, {"type": "message"}) == "m1"
    method, path, body, headers = teams.calls[0]
    assert (method, path, body) == ("POST", "/emea/v3/conversations/a:1/2/activities", {"type": "message"})
    assert headers["Authorization"] == "Bearer made-up"


@pytest.mark.parametrize("status", [412, 429, 500, 502, 503, 504])
async def test_later_means_again(connector, teams, reference, pauses, status):
    teams.answers.extend([(status, {}, {"Retry-After": "7"}), (status, {}, {})])
    assert await connector.post(reference, {"type": "message"}) == "m3"
    assert pauses[0] == 7.0
    assert 0 < pauses[1] < 2


async def test_no_means_no(connector, teams, reference, pauses):
    teams.answers.append((403, {"error": {"code": "BotNotInConversationRoster"}}, {}))
    with pytest.raises(NotDelivered) as refused:
        await connector.post(reference, {"type": "message"})
    assert refused.value.status == 403
    assert len(teams.calls) == 1


async def test_it_gives_up_in_the_end(connector, teams, reference, pauses):
    teams.answers.extend([(503, {}, {})] * 99)
    with pytest.raises(NotDelivered):
        await connector.post(reference, {"type": "message"})
    assert len(teams.calls) == module.ATTEMPTS


async def test_a_redirect_is_not_followed(connector, teams, reference):
    teams.answers.append((302, {}, {"Location": "http://127.0.0.1:1/"}))
    with pytest.raises(NotDelivered):
        await connector.post(reference, {"type": "message"})


@pytest.fixture
def turn(connector, reference):
    def make(scope=Scope.PERSONAL):
        incoming = Incoming(type="message", activity_id="q", scope=scope, reference=reference)
        return TeamsTurn(connector, incoming, chunk_every_s=0.0)

    return make


def info(call):
    return next(entity for entity in call[2]["entities"] if entity["type"] == "streaminfo")


async def test_a_stream_is_one_message_that_grows(turn, teams):
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        await stream.write("Yes")
        assert isinstance(stream, PersonalStream)
        assert stream._sending is not None
        await stream._sending
        await stream.write("Yes, by")
        assert await stream.finish(Message(text="Yes, by rail.")) == "m4"
    steps = [info(call) for call in teams.calls]
    assert [step["streamType"] for step in steps] == ["informative", "streaming", "streaming", "final"]
    assert [step.get("streamSequence") for step in steps] == [1, 2, 3, None]
    assert [step.get("streamId") for step in steps] == [None, "m1", "m1", "m1"]


async def test_a_chunk_that_teams_has_no_time_for_is_left_out(turn, teams):
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        teams.answers.append((429, {}, {}))
        await stream.write("Yes")
        await stream.finish(Message(text="Yes, by rail."))
    assert [info(call)["streamType"] for call in teams.calls] == ["informative", "streaming", "final"]


async def test_stop_is_heard(turn, teams):
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        error = {"error": {"code": "ContentStreamNotAllowed", "message": "Content stream was canceled by user."}}
        teams.answers.append((403, error, {}))
        await stream.write("Yes")
        with pytest.raises(StreamStopped):
            await stream.finish(Message(text="Yes, by rail."))
    assert len(teams.calls) == 2


async def test_an_answer_that_takes_too_long_to_stream_replaces_the_message(turn, teams):
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        error = {"error": {"message": "Content stream finished due to exceeded streaming time."}}
        teams.answers.append((403, error, {}))
        await stream.write("Yes")
        assert await stream.finish(Message(text="Yes, by rail.")) == "m1"
    method, path, body, _ = teams.calls[-1]
    assert (method, path.rsplit("/", 1)[-1], body["text"]) == ("PUT", "m1", "Yes, by rail.")


async def test_elsewhere_the_bot_types_and_answers_once_below_the_question(turn, teams):
    async with turn(Scope.CHANNEL).stream() as stream:
        await stream.inform("Looking ...")
        await stream.write("Yes")
        await stream.finish(Message(text="Yes, by rail."))
    assert [call[2]["type"] for call in teams.calls if call[2]["type"] == "message"] == ["message"]
    assert teams.calls[-1][2]["replyToId"] == "q"


async def test_the_first_words_go_out_as_soon_as_teams_takes_them_with_no_more_to_come(teams, connector, reference):
    incoming = Incoming(type="message", activity_id="q", reference=reference)
    loop = asyncio.get_running_loop()
    async with TeamsTurn(connector, incoming).stream() as stream:
        await stream.inform("Looking ...")
        informed_at = loop.time()
        await stream.write("Yes")
        await stream.write("Yes, by")  # nothing is written after this
        assert isinstance(stream, PersonalStream)
        assert stream._sending is not None
        await stream._sending
        assert 0.5 < loop.time() - informed_at < 30
        await stream.finish(Message(text="Yes, by rail."))
    assert [(info(call)["streamType"], call[2]["text"]) for call in teams.calls] == [
        ("informative", "Looking ..."),
        ("streaming", "Yes, by"),
        ("final", "Yes, by rail."),
    ]


async def test_an_answer_that_is_given_up_leaves_no_chunk_behind(teams, connector, reference):
    incoming = Incoming(type="message", activity_id="q", reference=reference)
    async with TeamsTurn(connector, incoming).stream() as stream:
        await stream.inform("Looking ...")
        await stream.write("Yes")  # waits for its moment
    assert isinstance(stream, PersonalStream)
    assert stream._sending is not None
    assert stream._sending.cancelled()
    assert len(teams.calls) == 1


async def test_a_chunk_that_broke_is_no_surprise_later(turn, monkeypatch):
    """An exception that nobody has looked at would be logged when its task is thrown away."""
    loop = asyncio.get_running_loop()
    unseen: list[object] = []
    loop.set_exception_handler(lambda _loop, context: unseen.append(context))
    broke = asyncio.Event()

    async def closed(*_: object, **__: object) -> str:
        broke.set()
        raise RuntimeError("Session is closed")

    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        monkeypatch.setattr(Connector, "_call", closed)
        await stream.write("Yes")
        await broke.wait()
    del stream
    gc.collect()
    assert unseen == []


async def test_what_takes_too_long_at_the_end_is_over_before_connections_are_closed(monkeypatch):
    monkeypatch.setattr("bot.intake.DRAIN_S", 0.05)
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append("slow")

    work = Work()
    work.begin(slow())
    await work.drain()
    assert ended == ["slow"]


async def test_after_two_minutes_the_answer_goes_on_growing_by_updates(turn, teams, monkeypatch):
    monkeypatch.setattr("bot.teams_turn.UPDATE_EVERY_S", 0.0)
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        error = {"error": {"message": "Content stream finished due to exceeded streaming time."}}
        teams.answers.append((403, error, {}))
        for text in ("Yes", "Yes, by", "Yes, by rail"):
            await stream.write(text)
            assert isinstance(stream, PersonalStream)
            assert stream._sending is not None
            await stream._sending
        await stream.inform("Reading part 2 of 2 ...")
        await stream.finish(Message(text="Yes, by rail.", is_answer=True))
    assert [(call[0], call[2]["text"]) for call in teams.calls[2:]] == [
        ("PUT", "Yes, by"),
        ("PUT", "Yes, by rail"),
        ("PUT", "Reading part 2 of 2 ..."),
        ("PUT", "Yes, by rail."),
    ]
    assert ["entities" in call[2] for call in teams.calls[2:]] == [False, False, False, True]


@pytest.mark.parametrize(
    "said",
    [
        "Content stream is not allowed",
        "Content stream is not allowed on an already completed streamed message",
        "Message size too large",
        "Request streamed content should contain the previously streamed content",
    ],
)
async def test_a_stream_that_is_closed_for_any_other_reason_ends_in_the_whole_answer(turn, teams, said):
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        teams.answers.append((403, {"error": {"code": "ContentStreamNotAllowed", "message": said}}, {}))
        assert await stream.finish(Message(text="Yes, by rail.")) == "m1"
    assert (teams.calls[-1][0], teams.calls[-1][2]["text"]) == ("PUT", "Yes, by rail.")


async def test_an_answer_whose_stream_teams_has_dropped_is_sent_anew(turn, teams):
    async with turn().stream() as stream:
        await stream.inform("Looking ...")
        teams.answers.extend([(403, {"error": {"message": "Content stream is not allowed"}}, {}), (404, {}, {})])
        assert await stream.finish(Message(text="Yes, by rail.")) == "m4"
    assert (teams.calls[-1][0], info_of(teams.calls[-1])) == ("POST", [])


def info_of(call):
    return [entity for entity in call[2].get("entities", []) if entity["type"] == "streaminfo"]
