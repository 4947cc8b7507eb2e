"""The door to an OpenAI-compatible server: answers, many at once, and the adapters it may use. Knows no agents."""

import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass
from itertools import chain, repeat
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import openai

from serving.config import EngineConfig
from serving.logs import send_along
from tuning.domain.errors import Refusal
from tuning.domain.prompts import Message
from tuning.domain.vectors import LONGEST, Encoded
from tuning.settings import GRACE_S

BASE = "base"
"""What every engine calls its base model."""
EMBEDDING = "embedding"
"""What every engine that has an encoder calls it."""
PATIENCE_S = 40.0
"""How long to go on trying: the engine's supervisor restarts it within this time."""
CONNECTING_S = 5.0
"""How long an engine may take to pick up; how long it may take to answer is another matter."""
_WAITS_S = (0.2, 0.4, 0.8, 1.5, 3.0, 5.0)
_TRY_AGAIN = {429, 503}
_RELOADS = 5
"""How often one question may find a fresh engine."""

Result = TypeVar("Result")


class EngineAway(Refusal):
    """The engine does not answer. Start it ('attune serve'), then try again."""

    code = "engine_away"


class EngineRefused(Refusal):
    """The engine refused the request."""

    code = "engine_refused"


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One question to a model."""

    model: str
    """'base', or the id of a loaded adapter."""
    messages: list[Message]
    max_tokens: int
    temperature: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What a model answered."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class _Adapter:
    path: Path
    sha256: str


def _silent(_share: float) -> None:
    """Report to nobody."""


class Inference:
    """A client of one server. Safe to use from several threads; requests wait out a restart of the engine."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        timeout_s: float = EngineConfig.deadline_s + GRACE_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Take the server's address without '/v1'; nothing is sent yet."""
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        connections = openai.DefaultHttpxClient(event_hooks={"request": [send_along]})
        weakref.finalize(self, connections.close)  # the client closes only connections that it made itself
        self._client = openai.OpenAI(
            base_url=f"{self._url}/v1",
            api_key=api_key or "none",
            timeout=openai.Timeout(timeout_s, connect=min(timeout_s, CONNECTING_S)),
            max_retries=0,
            http_client=connections,
        )
        self._adapters: dict[str, _Adapter] = {}

    def answer(
        self, model: str, messages: list[Message], *, max_tokens: int, temperature: float = 0.0, seed: int | None = None
    ) -> Completion:
        """Return the model's answer to a chat.

        Raises:
            EngineAway: it could not be reached for half a minute.
            EngineRefused: it said no, with its reason.
        """
        return self._ask(
            Prompt(model=model, messages=messages, max_tokens=max_tokens, temperature=temperature, seed=seed)
        )

    def answer_all(
        self, prompts: Sequence[Prompt], *, concurrency: int = 8, progress: Callable[[float], None] = _silent
    ) -> list[Completion]:
        """Return the answers to all prompts, in their order; progress is called with the share done, 0 to 1.

        Raises:
            EngineAway, EngineRefused: as for one answer; the prompts not yet sent are dropped.
        """
        threads = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="inference")
        try:
            answers = [threads.submit(copy_context().run, self._ask, prompt) for prompt in prompts]
            for done, answer in enumerate(as_completed(answers), start=1):
                answer.result()
                progress(done / len(answers))
            return [answer.result() for answer in answers]
        finally:
            # Who is interrupted must not wait for answers that nobody wants any more.
            threads.shutdown(wait=False, cancel_futures=True)

    def load_adapter(self, adapter_id: str, path: Path, sha256: str) -> None:
        """Make an adapter file available under an id; again is harmless. It is loaded anew if the engine restarts.

        Raises:
            EngineAway: it could not be reached for half a minute.
            EngineRefused: the file doesn't fit, with the engine's reason.
        """
        adapter = _Adapter(path=path.resolve(), sha256=sha256)
        try:
            self._patiently(lambda: self._post_adapter(adapter_id, adapter))
        except openai.NotFoundError as error:
            raise EngineRefused(_reason(error)) from error
        self._adapters[adapter_id] = adapter

    def unload_adapter(self, adapter_id: str) -> None:
        """Take an adapter out; one that is not there is out already.

        Raises:
            EngineAway: it could not be reached for half a minute.
        """
        self._adapters.pop(adapter_id, None)
        try:
            self._patiently(lambda: self._client.delete(f"/adapters/{adapter_id}", cast_to=object))
        except openai.NotFoundError:
            return

    def encoder(self) -> str:
        """Return the name of what embeds texts, empty if nothing does.

        Raises:
            EngineAway: it could not be reached for half a minute.
            EngineRefused: it said no, with its reason.
        """
        listed = {model.id: model for model in self._patiently(lambda: list(self._client.models.list()))}
        return str(getattr(listed[EMBEDDING], "root", EMBEDDING)) if EMBEDDING in listed else ""

    def embed(self, texts: Sequence[str]) -> Encoded:
        """Return texts as vectors.

        Raises:
            EngineAway: it could not be reached for half a minute.
            EngineRefused: it said no, with its reason.
        """
        try:
            reply = self._patiently(lambda: self._client.embeddings.create(model=EMBEDDING, input=list(texts)))
        except openai.NotFoundError as error:
            raise EngineRefused(_reason(error)) from error
        return Encoded(encoder=reply.model, vectors=np.array([it.embedding for it in reply.data], np.float32))

    def encode(self, text: str) -> Encoded | None:
        """Return the vector of a text, of its beginning if it is long; None if the engine has no encoder.

        Raises:
            EngineAway: it could not be reached for half a minute.
            EngineRefused: it said no, with its reason.
        """
        try:
            return self.embed([text[:LONGEST]])
        except EngineRefused:
            if self.encoder():
                raise
            return None

    def _ask(self, prompt: Prompt) -> Completion:
        for _ in range(_RELOADS):
            try:
                return self._patiently(lambda: self._complete(prompt))
            except openai.NotFoundError as error:
                adapter = self._adapters.get(prompt.model)
                if adapter is None:
                    raise EngineRefused(_reason(error)) from error
            # The engine has been restarted since, and a fresh one knows no adapters.
            self.load_adapter(prompt.model, adapter.path, adapter.sha256)
        raise EngineAway(f"The engine at {self._url} keeps restarting. Look into its log, then try again.")

    def _complete(self, prompt: Prompt) -> Completion:
        started = time.monotonic()
        messages: list[Any] = [dict(message) for message in prompt.messages]
        answer = self._client.chat.completions.create(
            model=prompt.model,
            messages=messages,
            max_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
            seed=prompt.seed,
        )
        return Completion(
            text=answer.choices[0].message.content or "",
            prompt_tokens=answer.usage.prompt_tokens if answer.usage else 0,
            completion_tokens=answer.usage.completion_tokens if answer.usage else 0,
            seconds=time.monotonic() - started,
        )

    def _post_adapter(self, adapter_id: str, adapter: _Adapter) -> None:
        body = {"id": adapter_id, "path": str(adapter.path), "sha256": adapter.sha256}
        self._client.post("/adapters", cast_to=object, body=body)

    def _patiently(self, act: Callable[[], Result]) -> Result:
        """Do it, and again for as long as the engine is away or full.

        Patience begins with the first failure: an engine that ends while it answers may have been at it for minutes.
        One that takes a request and stays silent is not asked again, which would only add to what it has to do.
        """
        give_up_at = inf
        for wait_s in chain(_WAITS_S, repeat(_WAITS_S[-1])):
            began = time.monotonic()
            try:
                return act()
            except openai.APIConnectionError as error:
                failed = time.monotonic()
                give_up_at = min(give_up_at, failed + self._patience_s)
                if isinstance(error, openai.APITimeoutError) and failed - began >= self._timeout_s:
                    sentence = f"The engine at {self._url} took longer than {self._timeout_s:g} seconds."
                    raise EngineAway(f"{sentence} Look into its log, then try again.") from error
                if failed + wait_s > give_up_at:
                    sentence = f"The engine at {self._url} does not answer. Start it, then try again."
                    raise EngineAway(sentence) from error
            except openai.NotFoundError:
                raise
            except openai.APIStatusError as error:
                give_up_at = min(give_up_at, time.monotonic() + self._patience_s)
                if error.status_code not in _TRY_AGAIN or time.monotonic() + wait_s > give_up_at:
                    raise EngineRefused(_reason(error)) from error
            time.sleep(wait_s)
        raise AssertionError  # the pauses never end


def _reason(error: openai.APIStatusError) -> str:
    """Return the sentence that the server gave."""
    body = error.body if isinstance(error.body, dict) else {}
    return str(body.get("message") or error.message)
