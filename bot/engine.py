"""The bot's way to the engine: one answer as it grows, with the release's adapter loaded when it is missing."""

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import openai

from bot.errors import EngineBusy, EngineDown, QuestionTooLong
from serving.logs import send_along
from tuning.domain.prompts import Message

TIMEOUT_S = 120.0
RETRY_PAUSE_S = 1.0
PATIENCE_S = 30.0
"""How long a person waits for an engine that is being restarted."""
BUSY_PATIENCE_S = 10.0
"""How long a person waits for an engine that has too much to do."""
BYTES_PER_TOKEN = 2
"""Of running text no tokenizer in use makes more tokens than that."""
_BUSY = frozenset({429, 503})
_TOO_LONG = frozenset({"context_length_exceeded", "prompt_too_long"})


@dataclass(frozen=True, kw_only=True)
class Model:
    """What answers: a release's adapter on the engine's base model."""

    id: str
    path: str
    """The adapter's GGUF file, where the engine can read it."""
    sha256: str


class Engine:
    """A client of one OpenAI-compatible server."""

    def __init__(
        self,
        url: str,
        *,
        retry_pause_s: float = RETRY_PAUSE_S,
        patience_s: float = PATIENCE_S,
        busy_patience_s: float = BUSY_PATIENCE_S,
    ) -> None:
        """Take the server's address without '/v1'; nothing is sent yet."""
        self._client = openai.AsyncOpenAI(
            base_url=f"{url.rstrip('/')}/v1",
            api_key="none",
            timeout=TIMEOUT_S,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": [_send_along]}),
        )
        self._tokenize = f"{url.rstrip('/')}/tokenize"
        self._retry_pause_s = retry_pause_s
        self._patience_s = patience_s
        self._busy_patience_s = busy_patience_s

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def count(self, text: str) -> int:
        """Return how many tokens a text has; where the server doesn't count, no fewer than it has."""
        try:
            found = await self._client.post(self._tokenize, body={"content": text}, cast_to=cast("Any", object))
        except openai.APIError:
            return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)
        return len(found["tokens"])

    async def answer(self, model: Model, messages: Sequence[Message], *, max_tokens: int) -> AsyncGenerator[str]:
        """Yield the answer as it grows, whole so far each time; closing the generator stops the engine's work on it.

        A missing adapter is loaded. If the engine goes away, the answer is begun anew, once, when it is back; if it is
        busy, as soon as it says, as long as the person's patience lasts.

        Raises:
            EngineDown, EngineBusy: the answer has not come to its end.
            QuestionTooLong: the messages don't fit the model.
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
            except openai.NotFoundError as error:
                if is_missing:
                    raise EngineDown from error
                is_missing = True
            except openai.APIError as error:
                why = _why(error)
                if isinstance(why, EngineBusy):
                    await self._until_free(why, give_up_at)
                    continue
                if is_second_try or not isinstance(error, openai.APIConnectionError | openai.InternalServerError):
                    raise why from error  # a question that ends the engine must not do so for ever
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
                await self._client.models.list()
            except openai.APIConnectionError as error:
                if asyncio.get_running_loop().time() > give_up_at:
                    raise EngineDown from error
            except openai.APIStatusError:
                return  # it is there, and says itself what is wrong
            else:
                return

    async def _stream(self, model: Model, messages: Sequence[Message], max_tokens: int) -> AsyncGenerator[str]:
        stream = await self._client.chat.completions.create(
            model=model.id,
            messages=cast("Any", list(messages)),
            max_tokens=max_tokens,
            temperature=0.0,
            stream=True,
        )
        async with stream:
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content

    async def _load(self, model: Model) -> None:
        adapter = {"id": model.id, "path": model.path, "sha256": model.sha256}
        await self._client.post("/adapters", body=adapter, cast_to=cast("Any", object))


async def _send_along(request: Any) -> None:
    send_along(request)


def _why(error: openai.APIError) -> EngineDown | EngineBusy | QuestionTooLong:
    if isinstance(error, openai.APIStatusError):
        if error.status_code in _BUSY:
            return EngineBusy(_seconds(error.response.headers.get("Retry-After", "")))
        if error.code in _TOO_LONG:
            return QuestionTooLong()
    return EngineDown()


def _seconds(retry_after: str) -> int:
    return int(retry_after) if retry_after.isdecimal() else 0
