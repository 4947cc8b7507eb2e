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
PATIENCE_S = 30.0
"""How long a person waits for an engine that is being restarted."""
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

    def __init__(self, url: str, *, retry_pause_s: float = RETRY_PAUSE_S, patience_s: float = PATIENCE_S) -> None:
        """Take the server's address without '/v1'; nothing is sent yet."""
        self._client = openai.AsyncOpenAI(
            base_url=f"{url.rstrip('/')}/v1", api_key="none", timeout=TIMEOUT_S, max_retries=0
        )
        self._retry_pause_s = retry_pause_s
        self._patience_s = patience_s

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def answer(self, model: Model, messages: Sequence[Message], *, max_tokens: int) -> AsyncGenerator[str]:
        """Yield the answer as it grows, whole so far each time; closing the generator stops the engine's work on it.

        A missing adapter is loaded. If the engine goes away, the answer is begun anew, once, when it is back.

        Raises:
            EngineDown, EngineBusy: the answer has not come to its end.
            QuestionTooLong: the messages don't fit the model.
        """
        is_missing, is_second_try = False, False
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
            except (openai.APIConnectionError, openai.InternalServerError) as error:
                if is_second_try:  # a question that ends the engine must not do so for ever
                    raise _why(error) from error
                is_second_try, is_missing = True, False
                await self._until_back()
            except openai.APIError as error:
                raise _why(error) from error
            else:
                return

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


def _why(error: openai.APIError) -> EngineDown | EngineBusy | QuestionTooLong:
    if isinstance(error, openai.APIStatusError):
        if error.status_code in _BUSY:
            return EngineBusy()
        if error.code in _TOO_LONG:
            return QuestionTooLong()
    return EngineDown()
