"""The bot's way to the engine: one answer as it grows, with the release's adapter loaded when it is missing."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import openai

from bot.errors import EngineBusy, EngineDown, QuestionTooLong
from tuning.domain.prompts import Message

TIMEOUT_S = 120.0
RETRY_PAUSE_S = 1.0
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

    def __init__(self, url: str, *, retry_pause_s: float = RETRY_PAUSE_S) -> None:
        """Take the server's address without '/v1'; nothing is sent yet."""
        self._client = openai.AsyncOpenAI(
            base_url=f"{url.rstrip('/')}/v1", api_key="none", timeout=TIMEOUT_S, max_retries=0
        )
        self._retry_pause_s = retry_pause_s

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def answer(self, model: Model, messages: Sequence[Message], *, max_tokens: int) -> AsyncGenerator[str]:
        """Yield the answer piece by piece; closing the generator stops the engine's work on it.

        A missing adapter is loaded, and an engine that is just being restarted gets a second chance.

        Raises:
            EngineDown, EngineBusy: nothing has been answered.
            QuestionTooLong: the messages don't fit the model.
        """
        has_loaded, is_second_try = False, False
        while True:
            begun = False
            try:
                async with aclosing(self._stream(model, messages, max_tokens)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except openai.NotFoundError as error:
                if has_loaded:
                    raise EngineDown from error
                has_loaded = True
                await self._load(model)
            except (openai.APIConnectionError, openai.InternalServerError) as error:
                if begun or is_second_try:
                    raise _why(error) from error
                is_second_try = True
                await asyncio.sleep(self._retry_pause_s)
            except openai.APIError as error:
                raise _why(error) from error
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
        try:
            await self._client.post("/adapters", body=adapter, cast_to=cast("Any", object))
        except openai.APIError as error:
            raise _why(error) from error


def _why(error: openai.APIError) -> EngineDown | EngineBusy | QuestionTooLong:
    if isinstance(error, openai.APIStatusError):
        if error.status_code in _BUSY:
            return EngineBusy()
        if error.code in _TOO_LONG:
            return QuestionTooLong()
    return EngineDown()
