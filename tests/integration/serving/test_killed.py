"""What a killed engine means for those who talk to it: its supervisor, its clients, and the bot."""

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import openai
import psutil
import pytest

from bot.engine import Engine, Model
from bot.errors import AnswerCut
from bot.supervisor import Part, keep_running, until_ready
from tuning.domain.prompts import Message

pytestmark = pytest.mark.timeout(900)

CHAT: list[Message] = [{"role": "system", "content": "the form"}, {"role": "user", "content": "Zürich and 48 euro 🙂"}]
CROWD = 6


def engine_process() -> psutil.Process:
    """Find the engine among what this process started, below the shell that ties it to its supervisor."""
    command = [sys.executable, "-m", "serving"]
    return next(child for child in psutil.Process().children(recursive=True) if child.cmdline() == command)


async def ask_until_it_fails(url: str) -> openai.APIError:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0, timeout=180) as client:
        while True:
            try:
                await client.completions.create(
                    model="base", prompt=[5], max_tokens=100, extra_body={"ignore_eos": True}
                )
            except openai.APIError as error:
                return error


async def whole_answer(engine: Engine, model: Model) -> str:
    return [text async for text in written(engine, model)][-1]


async def written(engine: Engine, model: Model) -> AsyncGenerator[str]:
    """Give what a model of random weights says, which has no end."""
    with contextlib.suppress(AnswerCut):
        async for text in engine.answer(model, CHAT, max_tokens=400):
            yield text


async def test_killed_under_load_it_is_started_again_clients_may_retry_and_the_bot_answers_after_one_retry(
    tiny_model, tmp_path: Path, unused_tcp_port: int
):
    url = f"http://127.0.0.1:{unused_tcp_port}"
    settings = {
        "MODEL": tiny_model.gguf,
        "ADAPTER_DIR": tiny_model.gguf.parent,
        "PORT": unused_tcp_port,
        "THREADS": 1,
        "CONTEXT_TOKENS": 1024,
    }
    part = Part(
        name="engine",
        command=(sys.executable, "-m", "serving"),
        environment={f"ATTUNE_ENGINE_{name}": str(value) for name, value in settings.items()},
        folder=Path(__file__).parents[3],
        health_url=f"{url}/health",
    )
    said: list[str] = []
    keeper = asyncio.create_task(keep_running(part, logs=tmp_path, say=lambda _, line: said.append(line)))
    file = tiny_model.adapters["red"]
    model = Model(id="red", path=str(file), sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    engine = Engine(url, retry_pause_s=0.1, patience_s=120)
    try:
        await until_ready([part])
        undisturbed = await whole_answer(engine, model)
        crowd = [asyncio.create_task(ask_until_it_fails(url)) for _ in range(CROWD)]
        texts: list[str] = []
        async for text in written(engine, model):
            if len(texts) == 3:
                engine_process().kill()
            texts.append(text)
        errors = await asyncio.gather(*crowd)
    finally:
        await engine.close()
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
    assert any("(SIGKILL); starting it again" in line for line in said)
    # What OpenAI's own client would try again: a lost connection, or a status from 500 on.
    assert {type(error) for error in errors} <= {openai.APIConnectionError, openai.InternalServerError}
    assert texts[-1] == undisturbed
    begun_anew = [after for before, after in pairwise(texts) if not after.startswith(before)]
    assert len(begun_anew) == 1
