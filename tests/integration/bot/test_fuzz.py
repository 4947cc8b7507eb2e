"""10,000 activities that Teams would never send, and bodies that are none: the bot goes on as it was."""

import asyncio
import itertools
import json
import logging
from collections.abc import Collection
from copy import deepcopy
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from adaptive_cards.verbs import Verb
from bot.activities import ADAPTIVE_CARD, FILE_DOWNLOAD
from bot.app import CHANNEL, INTAKE, make_app
from bot.settings import Settings
from tests.factories import keep
from tests.fakes.bot_framework import activity
from tuning.domain.releases import Approval, Decision

BATCHES, IN_A_BATCH = 200, 50
ANSWERED = {200, 202, 400, 401, 403, 413, 501}
BOT = {"id": "28:bot", "name": "Attune"}
MENTION = {"type": "mention", "text": "<at>Attune</at>", "mentioned": BOT}
FILE = {
    "contentType": FILE_DOWNLOAD,
    "name": "a.md",
    "content": {"downloadUrl": "http://127.0.0.1:9/a", "fileType": "md"},
}
IDS = {
    "agent_id": "agent",
    "release_id": "release",
    "run_id": "run",
    "answer_id": "answer",
    "feedback_id": "feedback",
    "grant_id": "grant",
    "notice_id": "notice",
    "number": 0,
    "days": 30,
    "step": "about",
    "name": "Fuzz",
    "task": "questions",
    "audience": "staff,leads",
    "sources": "source",
    "question": "Who?",
    "correction": "Bo.",
    "revision": 0,
    "search": "b",
    "when": "after",
    "after": "5",
    "begins": "08:00",
    "reason": "No.",
    "person": "Bo",
    "term": "7",
    "about": "agent",
    "before": 0,
}


def invoke(name: str, value: Any, **fields: Any) -> dict[str, Any]:
    return activity(type="invoke", name=name, value=value, **fields)


def reaction(value: Any) -> dict[str, Any]:
    return invoke("message/submitAction", value, replyToId="m1")


FEEDBACK = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": '{"feedbackText":"Good."}'}}
SHAPES: list[dict[str, Any]] = [
    activity(text="help", textFormat="plain", locale="de-DE", localTimezone="Europe/Berlin"),
    activity(text="How do I book a trip?", attachments=[{"contentType": "text/html", "content": "<p>How</p>"}]),
    activity(text="agents"),
    activity(text="new"),
    activity(text="my agents"),
    activity(text="pause Travel"),
    activity(text="approve xkrdbbbb canary 10 % Why not."),
    activity(
        text="<at>Attune</at> agents", entities=[MENTION], conversation={"id": "19:g", "conversationType": "groupChat"}
    ),
    activity(
        text="<at>Attune</at>&nbsp;Who?",
        entities=[MENTION, {"type": "clientInfo", "locale": "de-DE", "timezone": "Europe/Berlin"}],
        conversation={"id": "19:c@thread.tacv2;messageid=1", "conversationType": "channel", "isGroup": True},
        channelData={"tenant": {"id": "t"}, "team": {"id": "19:t"}, "channel": {"id": "19:c@thread.tacv2"}},
    ),
    activity(text="Summarise this", attachments=[FILE]),
    activity(text="", value={"verb": "agent.pick", "agent_id": "agent"}),
    activity(type="messageUpdate", text="Who?", channelData={"eventType": "editMessage", "tenant": {"id": "t"}}),
    activity(type="messageDelete", channelData={"eventType": "softDeleteMessage", "tenant": {"id": "t"}}),
    activity(type="conversationUpdate", membersAdded=[BOT, {"id": "29:bo", "aadObjectId": "bo"}]),
    activity(type="conversationUpdate", membersRemoved=[BOT], channelData={"eventType": "teamMemberRemoved"}),
    activity(type="conversationUpdate", channelData={"eventType": "channelCreated", "channel": {"id": "19:n"}}),
    activity(type="installationUpdate", action="add"),
    activity(type="installationUpdate", action="remove"),
    activity(type="messageReaction", reactionsAdded=[{"type": "like"}], replyToId="m1"),
    activity(type="typing"),
    activity(type="event", name="application/vnd.microsoft.readReceipt", value={"lastReadMessageId": "1"}),
    activity(type="endOfConversation", code="completedSuccessfully"),
    activity(type="command", name="x", value={}),
    *(
        invoke("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": verb, "data": IDS}})
        for verb in Verb
    ),
    invoke(
        "adaptiveCard/action",
        {"action": {"type": "Action.Execute", "verb": "usage.open", "data": IDS}, "trigger": "automatic"},
    ),
    reaction(FEEDBACK),
    reaction({"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": "plain"}}),
    invoke("message/fetchTask", {"data": FEEDBACK}),
    invoke("message/fetchTask", FEEDBACK),
    invoke("task/fetch", {"data": {"type": "task/fetch"}, "context": {"theme": "dark"}}),
    invoke("task/submit", {"data": {"name": "x"}}),
    invoke("suggestedActions/submit", {"verb": "agent.pick", "agent_id": "agent"}),
    invoke(
        "fileConsent/invoke",
        {
            "type": "fileUpload",
            "action": "accept",
            "context": {"draft": "draft"},
            "uploadInfo": {"uploadUrl": "http://127.0.0.1:9/", "contentUrl": "https://x", "name": "a.docx"},
        },
    ),
    invoke("fileConsent/invoke", {"type": "fileUpload", "action": "decline", "context": {"draft": "draft"}}),
    invoke("composeExtension/query", {"commandId": "x", "parameters": [{"name": "q", "value": "x"}]}),
    invoke("signin/verifyState", {"state": "123456"}),
    invoke("signin/tokenExchange", {"id": "1", "connectionName": "x", "token": "eyJ"}),
    invoke("config/fetch", {}),
    invoke("tab/fetch", {"tabContext": {}}),
    invoke("handoff/action", {"continuation": "x"}),
]
# fmt: off
PEOPLE = ["bo", "ana", "cy", "gus", "nobody", ""]
STRANGE: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 2**70, 1e308, 0.5, "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800",
    "\u202eabc", "live", "agent", "release", ADAPTIVE_CARD, "personal", "channel", "groupChat",
    "x" * 70_000, "<at>" * 5_000, "[" * 5_000, "ß" * 300, "'; DROP TABLE agent; --", "../../etc/passwd",
    "%s%n{0}{agent}",
    "👩‍👩‍👧‍👦" * 50, "NaN", "true", "http://127.0.0.1:9/", "https://[", [], {}, [[]], [{}], [None], {"id": {}},
    {"": ""},
    [1, "2", [3]], {"type": "AdaptiveCard"},
]
# fmt: on
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
VALUE = st.sampled_from(STRANGE) | st.sampled_from(STRANGE) | JSON
CHANGE = st.tuples(st.integers(0, 10_000), st.sampled_from(["replace", "replace", "replace", "remove", "add"]), VALUE)
MUTATED = st.tuples(st.sampled_from(SHAPES), st.sampled_from(PEOPLE), st.lists(CHANGE, max_size=3))
GARBAGE = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"", b"{", b"[" * 50_000, b'{"type":NaN}', b'"\xff"', b"\xef\xbb\xbf{}", b"1" * 5_000, b"{}" * 9]),
)
_numbers = itertools.count()


def places(value: Any, strange: Collection[int]) -> list[tuple[Any, Any]]:
    """Return every container of a value with a key in it, but for those inside what was put there.

    That is shared by all activities, may be nested deeply, and put into itself it would have no end.
    """
    if id(value) in strange:
        return []
    if isinstance(value, dict):
        inner = [place for key in value for place in places(value[key], strange)]
        return [*((value, key) for key in value), *inner]
    if isinstance(value, list):
        inner = [place for item in value for place in places(item, strange)]
        return [*((value, number) for number in range(len(value))), *inner]
    return []


def body(mutated: tuple[dict[str, Any], str, list[tuple[int, str, Any]]]) -> bytes:
    """Return a mutated activity as it is sent; its id is new unless the mutation chose one."""
    shape, person, changes = mutated
    made = deepcopy(shape)
    made["id"], made["from"]["aadObjectId"] = f"f{next(_numbers)}", person
    made["conversation"].setdefault("tenantId", "t")
    made["serviceUrl"] = "http://127.0.0.1:9/"
    strange = {id(value) for _number, _act, value in changes if isinstance(value, dict | list)}
    for number, act, value in changes:
        where, key = (found := places(made, strange))[number % len(found)]
        if act == "remove":
            del where[key]
        elif act == "add" and isinstance(where, dict):
            where[f"{key}s"] = value
        else:
            where[key] = value
        if not places(made, strange):
            break
    return json.dumps(made).encode()


SENT = st.one_of(*([MUTATED.map(body)] * 7), GARBAGE)


class Request:
    """What the channel reads of a request; ten thousand of them would take a minute longer over HTTP."""

    content_type = "application/json"
    remote = "127.0.0.1"
    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self) -> bytes:
        return self._data


class Bot:
    """The whole bot in this process; what it sends goes nowhere, and its engine answers at once."""

    def __init__(self, tenant: Any, monkeypatch: Any) -> None:
        self.sent: list[Any] = []
        self.crashes: list[Any] = []
        self.taken = 0
        monkeypatch.setattr("bot.connector.Connector._call", self._call)
        monkeypatch.setattr("bot.engine.Engine.answer", self._answer)
        self._app = make_app(Settings(development=True, engine_url="http://127.0.0.1:9", admin_group="admins"), tenant)

    async def start(self) -> None:
        self.client: TestClient[Any, Any] = TestClient(TestServer(self._app))
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: self.crashes.append(context))
        await self.client.start_server()

    async def post(self, data: bytes) -> int:
        answer = await self._app[CHANNEL].process(Request(data), self._app[INTAKE])  # type: ignore[arg-type]
        assert b"Traceback" not in (answer.body or b"")  # type: ignore[operator]
        return answer.status

    async def say(self, sane: dict[str, Any]) -> int:
        """Send an activity over HTTP, and wait until it is answered."""
        async with self.client.post("/api/messages", json=sane) as answer:
            await self.take([])
            return answer.status

    async def take(self, bodies: list[bytes]) -> list[int]:
        """Post bodies together, and wait until all work behind them is done."""
        statuses = await asyncio.gather(*map(self.post, bodies))
        self.taken += len(bodies)
        while tasks := set(self._app[INTAKE]._work._tasks):
            await asyncio.wait(tasks, timeout=60)
        return statuses

    async def _call(self, _method: str, _url: str, sent: Any, **_: Any) -> str:
        self.sent.append(json.dumps(sent))
        return f"m{len(self.sent)}"

    async def _answer(self, _model: Any, _messages: Any, **_: Any) -> Any:
        yield "Trips are booked by rail [1]."


@pytest.mark.timeout(1800)
def test_nothing_that_is_sent_stops_the_bot(tenant, monkeypatch, caplog):
    keep(tenant.store, Approval(release_id="release", decision=Decision.APPROVED, decided_by="cy"))
    bot = Bot(tenant, monkeypatch)
    with asyncio.Runner() as runner:
        runner.run(bot.start())

        wrong: list[str] = []

        # What goes wrong is gathered and not raised: the bot's store goes on, so an example is not the same twice.
        @hypothesis_settings(
            max_examples=BATCHES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def check(data: st.DataObject) -> None:
            caplog.clear()
            bodies = [data.draw(SENT) for _ in range(IN_A_BATCH)]
            statuses = runner.run(bot.take(bodies))
            pairs = zip(statuses, bodies, strict=True)
            wrong.extend(f"{status}: {sent[:500]!r}" for status, sent in pairs if status not in ANSWERED)
            loud = [one for one in caplog.records if one.exc_info or one.levelno >= logging.ERROR]
            wrong.extend(f"{one.getMessage()}: {one.exc_info} {one.exc_text}" for one in loud)
            wrong.extend(map(str, bot.crashes))
            bot.crashes.clear()

        try:
            check()
            assert (wrong, bot.taken >= BATCHES * IN_A_BATCH) == ([], True)
            bot.sent.clear()
            sane = activity(id="sane", text="help", serviceUrl="http://127.0.0.1:9/")
            assert runner.run(bot.say(sane)) == 202
            assert "**agents" in bot.sent[-1]
        finally:
            runner.run(bot.client.close())
