"""The bot's way to the engine: one answer as it grows, with the release's adapter loaded when it is missing."""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.errors import AnswerCut, EngineBusy, EngineDown, QuestionTooLong
from serving.logs import HEADER, current
from tuning.domain.prompts import Message

CONNECT_S = 5.0
TIMEOUT_S = 120.0
"""How long nothing may come from an engine that is at work."""
RETRY_PAUSE_S = 1.0
PATIENCE_S = 30.0
"""How long a person waits for an engine that is being restarted."""
BUSY_PATIENCE_S = 10.0
"""How long a person waits for an engine that has too much to do."""
BYTES_PER_TOKEN = 2
"""Of running text no tokenizer in use makes more tokens than that."""
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TOO_LONG = frozenset({"context_length_exceeded", "prompt_too_long"})
_DATA, _END = b"data:", b"[DONE]"


class _AwayError(Exception):
    """The engine can't be reached, broke off, or failed."""


class _RefusedError(Exception):
    """The engine said no."""

    def __init__(self, status: int, code: str, retry_after: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Model:
    """What answers: a release's adapter on the engine's base model."""

    id: str
    path: str
    """The adapter's GGUF file, where the engine can read it."""
    sha256: str


class Engine:
    """A client of one OpenAI-compatible server.

    It reads the stream itself: with two hundred answers under way, openai's client takes most of the bot's time.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        retry_pause_s: float = RETRY_PAUSE_S,
        patience_s: float = PATIENCE_S,
        busy_patience_s: float = BUSY_PATIENCE_S,
    ) -> None:
        """Take the server's address without '/v1'; nothing is sent yet."""
        self._url = url.rstrip("/")
        self._authorisation = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._session: aiohttp.ClientSession | None = None
        self._retry_pause_s = retry_pause_s
        self._patience_s = patience_s
        self._busy_patience_s = busy_patience_s

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def count(self, text: str) -> int:
        """Return how many tokens a text has; where the server doesn't count, no fewer than it has."""
        try:
            async with self._asked("/tokenize", {"content": text}) as response:
                return len((await response.json())["tokens"])
        except (_AwayError, _RefusedError):
            return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)

    async def answer(self, model: Model, messages: Sequence[Message], *, max_tokens: int) -> AsyncGenerator[str]:
        """Yield the answer as it grows, whole so far each time; closing the generator stops the engine's work on it.

        A missing adapter is loaded. If the engine goes away, the answer is begun anew, once, when it is back; if it is
        busy, as soon as it says, as long as the person's patience lasts.

        Raises:
            EngineDown, EngineBusy: the answer has not come to its end.
            QuestionTooLong: the messages don't fit the model.
            AnswerCut: it took all of `max_tokens` and has no end.
        """
        is_missing, is_second_try = False, False
        give_up_at = asyncio.get_running_loop().time() + self._busy_patience_s
        while True:
            text = ""
            try:
                if is_missing:
                    await self._load(model)
                async with aclosing(self._stream(model, messages, max_tokens)) as pieces:
                    async for piece in pieces:
                        text += piece
                        yield text
            except _RefusedError as error:
                why = _why(error)
                if isinstance(why, EngineBusy):
                    await self._until_free(why, give_up_at)
                elif error.status == HTTPStatus.NOT_FOUND and not is_missing:
                    is_missing = True
                else:
                    raise why from error
            except _AwayError as error:
                if is_second_try:
                    raise EngineDown from error  # a question that ends the engine must not do so for ever
                is_second_try, is_missing = True, False
                await self._until_back()
            else:
                return

    async def _until_free(self, busy: EngineBusy, give_up_at: float) -> None:
        """Wait as long as the engine asked for; raise what it said where that is longer than the person waits."""
        wait_s = busy.retry_after_s or self._retry_pause_s
        if asyncio.get_running_loop().time() + wait_s > give_up_at:
            raise busy
        await asyncio.sleep(wait_s)

    async def _until_back(self) -> None:
        give_up_at = asyncio.get_running_loop().time() + self._patience_s
        while True:
            await asyncio.sleep(self._retry_pause_s)
            try:
                async with self._asked("/v1/models"):
                    return
            except _AwayError as error:
                if asyncio.get_running_loop().time() > give_up_at:
                    raise EngineDown from error
            except _RefusedError:
                return  # it is there, and says itself what is wrong

    async def _stream(self, model: Model, messages: Sequence[Message], max_tokens: int) -> AsyncGenerator[str]:
        asked = {"model": model.id, "messages": list(messages), "max_tokens": max_tokens, "temperature": 0.0}
        is_whole = is_cut = False
        async with self._asked("/v1/chat/completions", {**asked, "stream": True}) as response:
            async for line in response.content:  # to its end, so that the connection can be used again
                data = line.removeprefix(_DATA).strip() if line.startswith(_DATA) else b""
                is_whole = is_whole or data == _END
                if is_whole or not data:
                    continue
                event = json.loads(data)
                if event.get("error"):
                    raise _AwayError
                if not (choices := event.get("choices")):
                    continue
                is_cut = is_cut or choices[0].get("finish_reason") == "length"
                if piece := choices[0]["delta"].get("content"):
                    yield piece
            if not is_whole:
                raise _AwayError
        if is_cut:
            raise AnswerCut

    async def _load(self, model: Model) -> None:
        async with self._asked("/v1/adapters", {"id": model.id, "path": model.path, "sha256": model.sha256}):
            pass

    @asynccontextmanager
    async def _asked(self, path: str, body: dict[str, Any] | None = None) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give the answer to a request, a POST if there is a body; leaving it early closes the connection.

        Raises:
            _AwayError: the engine can't be reached, fails, or breaks off while its answer is read.
            _RefusedError: it said no.
        """
        if self._session is None:
            limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(limit=0))
        headers = self._authorisation | ({HEADER: current()} if current() else {})
        try:
            method = "GET" if body is None else "POST"
            async with self._session.request(method, f"{self._url}{path}", json=body, headers=headers) as response:
                if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and response.status not in _BUSY:
                    raise _AwayError
                if response.status >= HTTPStatus.BAD_REQUEST:
                    raise _RefusedError(
                        response.status, _code(await response.text()), response.headers.get("Retry-After", "")
                    )
                yield response
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _AwayError from error


def _why(error: _RefusedError) -> EngineDown | EngineBusy | QuestionTooLong:
    if error.status in _BUSY:
        return EngineBusy(_seconds(error.retry_after))
    return QuestionTooLong() if error.code in _TOO_LONG else EngineDown()


def _code(body: str) -> str:
    """Return the code of an error in OpenAI's form; empty if there is none."""
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _seconds(retry_after: str) -> int:
    return int(retry_after) if retry_after.isdecimal() else 0
