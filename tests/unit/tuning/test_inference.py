"""The door to the engine waits for one that restarts, and says what it was told."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openai
import pytest

from serving.logs import about
from tuning.inference import EngineAway, EngineRefused, Inference, Prompt
from tuning.settings import TuningSettings


class Engine(ThreadingHTTPServer):
    """A server that answers like the engine: it knows the base and the adapters it was given."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.adapters: set[str] = set()
        self.request_ids: set[str | None] = set()
        self.encoder = ""
        self.busy = 0
        self.silent_s = 0.0
        """How long it says nothing to a question."""
        self.dies = 0
        """How often it will end over a question."""
        self.questions = 0
        self.restarts = 0
        """How often it will have forgotten its adapters by the time of the next question."""
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Engine

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.request_ids.add(self.headers["X-Request-Id"])
        if self.path == "/v1/adapters":
            if "wrong" in body["path"]:
                return self._say(409, {"error": {"message": "It doesn't fit the base."}})
            self.server.adapters.add(body["id"])
            return self._say(201, {"id": body["id"]})
        if self.server.busy:
            self.server.busy -= 1
            return self._say(503, {"error": {"message": "Later."}})
        if self.path == "/v1/embeddings":
            return self._embed(len(body["input"]))
        return self._answer(body)

    def _answer(self, body):
        self.server.questions += 1
        time.sleep(self.server.silent_s)
        if self.server.dies:
            self.server.dies -= 1
            self.close_connection = True
            return None
        if self.server.restarts:
            self.server.restarts -= 1
            self.server.adapters.clear()
        if body["model"] not in {"base", *self.server.adapters}:
            return self._say(404, {"error": {"message": f"There is no model '{body['model']}' here."}})
        message = {"role": "assistant", "content": f"{body['model']}: {body['messages'][-1]['content']}"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        head = {"id": "c", "object": "chat.completion", "created": 0, "model": body["model"]}
        return self._say(200, {**head, "choices": [choice], "usage": usage})

    def _embed(self, count):
        data = [{"object": "embedding", "index": at, "embedding": [1.0, 0.0]} for at in range(count)]
        if self.server.encoder:
            self._say(200, {"object": "list", "model": self.server.encoder, "data": data})
        else:
            self._say(400, {"error": {"message": "This engine embeds no texts."}})

    def do_GET(self):
        assert self.path == "/v1/models"
        encoder = [{"id": "embedding", "object": "model", "root": self.server.encoder}] if self.server.encoder else []
        self._say(200, {"object": "list", "data": [{"id": "base", "object": "model"}, *encoder]})

    def do_DELETE(self):
        known = self.path.rsplit("/", 1)[1] in self.server.adapters
        self._say(200 if known else 404, {"error": {"message": "No."}})

    def _say(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def engine() -> Iterator[Engine]:
    server = Engine()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ask(text: str, model: str = "base") -> Prompt:
    return Prompt(model=model, messages=[{"role": "user", "content": text}], max_tokens=4)


def test_answers_come_back_in_the_order_of_the_prompts(engine):
    shares: list[float] = []
    answers = Inference(engine.url).answer_all([ask(str(n)) for n in range(20)], progress=shares.append)
    assert [answer.text for answer in answers] == [f"base: {n}" for n in range(20)]
    assert shares[-1] == 1
    assert answers[0].prompt_tokens == 5


def test_the_engine_is_told_which_request_it_works_for_whichever_thread_asks(engine):
    with about("an-id"):
        Inference(engine.url).answer_all([ask(str(n)) for n in range(5)], concurrency=3)
    assert engine.request_ids == {"an-id"}
    Inference(engine.url).answer_all([ask("x")])
    assert engine.request_ids == {"an-id", None}


def test_a_full_engine_is_asked_again(engine):
    engine.busy = 2
    assert Inference(engine.url).answer("base", ask("x").messages, max_tokens=4).text == "base: x"


def test_an_adapter_is_loaded_again_whenever_the_engine_forgot_it(engine):
    inference = Inference(engine.url)
    inference.load_adapter("r1", Path("r1.gguf"), "0" * 64)
    engine.restarts = 3
    assert inference.answer("r1", ask("x").messages, max_tokens=4).text == "r1: x"
    assert engine.restarts == 0


def test_a_refusal_says_the_engines_reason(engine):
    inference = Inference(engine.url)
    with pytest.raises(EngineRefused, match="doesn't fit the base"):
        inference.load_adapter("r1", Path("wrong.gguf"), "0" * 64)
    with pytest.raises(EngineRefused, match="no model 'r1'"):
        inference.answer("r1", ask("x").messages, max_tokens=4)


def test_an_adapter_that_is_out_already_is_no_error(engine):
    Inference(engine.url).unload_adapter("gone")


def test_an_engine_that_stays_away_is_said_after_a_while():
    with pytest.raises(EngineAway, match="does not answer"):
        Inference("http://127.0.0.1:9", patience_s=0.5).answer_all([ask("x")])


def test_an_engine_that_ends_over_a_long_answer_is_waited_for_from_then_on(engine):
    engine.silent_s, engine.dies = 0.4, 1
    assert Inference(engine.url, patience_s=0.3).answer("base", ask("x").messages, max_tokens=4).text == "base: x"
    assert engine.questions == 2


def test_an_engine_that_stays_silent_is_not_asked_again(engine):
    engine.silent_s = 0.5
    with pytest.raises(EngineAway, match=r"took longer than 0\.2 seconds"):
        Inference(engine.url, timeout_s=0.2).answer("base", ask("x").messages, max_tokens=4)
    assert engine.questions == 1


def test_an_answer_may_take_until_the_engine_gives_it_up_but_picking_up_may_not():
    settings = TuningSettings(engine_deadline_s=1000)
    for inference, read_s in ((Inference(""), 660), (Inference("", timeout_s=settings.engine_timeout_s), 1060)):
        timeout = inference._client.timeout
        assert isinstance(timeout, openai.Timeout)
        assert (timeout.read, timeout.connect) == (read_s, 5)


def test_texts_become_vectors_of_an_encoder_that_is_named(engine):
    inference = Inference(engine.url, patience_s=0.0)
    assert inference.encoder() == ""
    assert inference.encode("a trip") is None
    with pytest.raises(EngineRefused, match="embeds no texts"):
        inference.embed(["a trip"])
    engine.encoder = "minilm"
    assert inference.encoder() == "minilm"
    encoded = inference.embed(["a trip", "a room"])
    assert (encoded.encoder, encoded.vectors.tolist()) == ("minilm", [[1.0, 0.0], [1.0, 0.0]])
    question = inference.encode("a trip")
    assert question is not None
    assert question.width == 2


def test_an_engine_that_is_away_is_not_taken_for_one_without_an_encoder():
    away = Inference("http://127.0.0.1:9", patience_s=0.0)
    for ask_it in (away.encoder, lambda: away.encode("a trip")):
        with pytest.raises(EngineAway):
            ask_it()
