"""OpenAI-compatible endpoints over the engine. The only asynchronous part: what takes long runs elsewhere."""

import asyncio
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from serving import logs
from serving.adapters import EMBEDDING, Adapters
from serving.engine import Engine
from serving.errors import GrammarsOff, InvalidRequest, NoEncoder, NotAuthorised, ServingError, UnknownModel
from serving.form import read_grammar
from serving.llama.encoders import Encoder
from serving.llama.grammars import Grammar
from serving.llama.models import Vocabulary
from serving.prompt import ChatTemplate
from serving.protocol import (
    AdapterLoad,
    ChatCompletion,
    Embeddings,
    Generation,
    Json,
    Reply,
    TextCompletion,
    Tokenisation,
    embeddings_object,
    error_object,
    parse,
)
from serving.request import Output, Request, Tune

logger = logging.getLogger(__name__)
MAX_BODY_BYTES = 4 * 2**20
PUBLIC = {"/health", "/metrics"}
REQUEST_ID = web.RequestKey("request_id", str)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(engine: Engine, adapters: Adapters, *, api_key: str | None = None) -> web.Application:
    """Return the application; starting and stopping the engine is the caller's."""
    app = web.Application(middlewares=[_logged, _errors, _key_check(api_key)], client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(_name_request)
    service = _Service(engine, adapters)
    app.add_routes(
        [
            web.get("/health", service.health),
            web.get("/metrics", service.metrics),
            web.get("/v1/models", service.models),
            web.get("/v1/models/{id}", service.model),
            web.post("/v1/chat/completions", service.chat),
            web.post("/v1/completions", service.complete),
            web.post("/v1/embeddings", service.embed),
            web.post("/v1/adapters", service.load),
            web.delete("/v1/adapters/{id}", service.unload),
            web.post("/tokenize", service.tokenise),
        ]
    )
    return app


@web.middleware
async def _logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log each request of a client under the id that it came with, and let the answer carry that."""
    request[REQUEST_ID] = logs.readable(request.headers.get(logs.HEADER, ""))
    began, outcome = time.perf_counter(), "the client left"
    with logs.about(request[REQUEST_ID]):
        try:
            response = await handler(request)
            outcome = str(response.status)
        finally:
            if request.path not in PUBLIC:
                took = time.perf_counter() - began
                logger.info("%s %s: %s after %.3f s", request.method, request.rel_url.raw_path, outcome, took)
    return response


async def _name_request(request: web.Request, response: web.StreamResponse) -> None:
    if REQUEST_ID in request:  # a request that is not HTTP never came so far
        response.headers[logs.HEADER] = request[REQUEST_ID]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServingError as error:
        return _error_response(error)
    except ConnectionResetError:
        raise  # the client left; aiohttp takes it from here
    except web.HTTPRequestEntityTooLarge:
        return _error_response(InvalidRequest(reason=f"The request is larger than {MAX_BODY_BYTES} bytes."))
    except web.HTTPException as error:
        return _error_response(InvalidRequest(reason=f"{request.method} {request.path}: {error.reason}."), error.status)
    except Exception:
        logger.exception("A request failed")
        return _error_response(ServingError(reason="The engine failed on this request. Its log says why."))


def _key_check(api_key: str | None) -> Any:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if api_key and request.path not in PUBLIC:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(errors="surrogateescape"), api_key.encode()):
                raise NotAuthorised
        return await handler(request)

    return check


def _error_response(error: ServingError, status: int | None = None) -> web.Response:
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else {}
    return web.json_response(error_object(error), status=status or error.status, headers=headers)


class _Service:
    """The handlers."""

    def __init__(self, engine: Engine, adapters: Adapters) -> None:
        self._engine = engine
        self._adapters = adapters
        vocabulary = engine.vocabulary
        source = engine.chat_template
        self._template = (
            ChatTemplate(source, bos=vocabulary.bos, eos=vocabulary.eos, markers=vocabulary.markers) if source else None
        )

    async def health(self, _request: web.Request) -> web.Response:
        alive = not self._engine.ended.done()
        state = {
            "status": "ok" if alive else "failed",
            "model": self._engine.model.path.name,
            "adapters": len(self._adapters.ids()),
            "lanes": self._engine.lane_count,
        }
        return web.json_response(state, status=200 if alive else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        text = self._engine.metrics.text()
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def models(self, _request: web.Request) -> web.Response:
        names = [*dict.fromkeys(self._adapters.base_names), *self._adapters.ids()]
        listed = [self._model_object(name) for name in names]
        if encoder := self._engine.encoder:
            listed.append(_encoder_object(encoder))
        return web.json_response({"object": "list", "data": listed})

    async def model(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if name == EMBEDDING and self._engine.encoder:
            return web.json_response(_encoder_object(self._engine.encoder))
        self._adapters.find(name)
        return web.json_response(self._model_object(name))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body: ChatCompletion = parse(await request.read(), ChatCompletion)
        tune = self._adapters.find(body.model)
        if self._template is None:
            raise InvalidRequest(reason="This model has no chat template. Use /v1/completions.", param="messages")
        messages = [message.plain() for message in body.messages]
        tokens = await asyncio.to_thread(self._chat_tokens, messages)
        top = (body.top_logprobs or 0) if body.logprobs else None
        limit = body.max_completion_tokens or body.max_tokens
        return await self._answer(request, body, tune, tokens, limit=limit, top_logprobs=top, chat=True)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body: TextCompletion = parse(await request.read(), TextCompletion)
        tune = self._adapters.find(body.model)
        tokens = await asyncio.to_thread(self._text_tokens, body.prompt)
        return await self._answer(
            request, body, tune, tokens, limit=body.max_tokens, top_logprobs=body.logprobs, chat=False
        )

    async def embed(self, request: web.Request) -> web.Response:
        body: Embeddings = parse(await request.read(), Embeddings)
        encoder = self._engine.encoder
        if encoder is None:
            raise NoEncoder(param="model")
        if body.model not in (EMBEDDING, encoder.model.path.stem, encoder.name):
            raise UnknownModel(model=body.model, param="model")
        texts = await asyncio.to_thread(
            lambda: [
                _tokens(encoder.model.vocabulary, text, parse_special=False, param="input") for text in body.texts()
            ]
        )
        vectors = await asyncio.wrap_future(self._engine.embed(texts))
        reply = embeddings_object(encoder.name, vectors, sum(map(len, texts)), body.encoding_format)
        return web.json_response(reply)

    async def load(self, request: web.Request) -> web.Response:
        body: AdapterLoad = parse(await request.read(), AdapterLoad)
        file = await asyncio.to_thread(
            self._adapters.check, body.id, Path(body.path), sha256=body.sha256, pinned=body.pinned
        )
        known = self._adapters.holds(file)
        if not known:
            await asyncio.wrap_future(self._engine.try_adapter(file))
            replaced = self._adapters.register(file)
            if replaced:
                self._engine.retire(replaced)
            self._engine.pin(file, pinned=file.pinned)
            self._engine.metrics.adapters.set(len(self._adapters.ids()))
        return web.json_response(self._model_object(file.id), status=200 if known else 201)

    async def unload(self, request: web.Request) -> web.Response:
        file = self._adapters.remove(request.match_info["id"])
        self._engine.retire(file)
        self._engine.metrics.adapters.set(len(self._adapters.ids()))
        return web.json_response({"id": file.id, "object": "model", "deleted": True})

    async def tokenise(self, request: web.Request) -> web.Response:
        body: Tokenisation = parse(await request.read(), Tokenisation)
        tokens = await asyncio.to_thread(
            self._engine.vocabulary.tokenise,
            body.content,
            add_special=body.add_special,
            parse_special=body.parse_special,
        )
        return web.json_response({"tokens": tokens})

    def _model_object(self, name: str) -> Json:
        parent = None if name in self._adapters.base_names else self._adapters.base_names[0]
        limit = self._engine.prompt_limit + 1
        return {
            "id": name,
            "object": "model",
            "created": 0,
            "owned_by": "attune",
            "parent": parent,
            "max_model_len": limit,
        }

    def _chat_tokens(self, messages: list[Json]) -> list[int]:
        if self._template is None:
            return []
        text = self._template.render(messages)
        return self._engine.vocabulary.tokenise(text, add_special=False, parse_special=True)

    def _text_tokens(self, prompt: str | list[int] | list[str]) -> list[int]:
        text: Any = prompt if isinstance(prompt, str) or isinstance(prompt[0], int) else prompt[0]
        return _tokens(self._engine.vocabulary, text, parse_special=True, param="prompt")

    def _constraint(self, body: Generation) -> Grammar | None:
        form = body.form()
        if body.grammar and not self._engine.config.grammars:
            raise GrammarsOff
        return read_grammar(self._engine.vocabulary, form) if form else None

    async def _answer(
        self,
        http: web.Request,
        body: Generation,
        tune: Tune,
        tokens: list[int],
        *,
        limit: int | None,
        top_logprobs: int | None,
        chat: bool,
    ) -> web.StreamResponse:
        constraint = await asyncio.to_thread(self._constraint, body)
        loop = asyncio.get_running_loop()
        outputs: asyncio.Queue[Output] = asyncio.Queue()
        request = Request(
            tune=tune,
            prompt=tokens,
            max_tokens=limit or self._engine.config.answer_tokens,
            deliver=lambda output: _hand_over(loop, outputs, output),
            sampling=body.sampling(),
            constraint=constraint,
            stops=body.stops(),
            stream=body.stream,
            top_logprobs=top_logprobs,
            strip_space=chat and self._engine.vocabulary.adds_space,
            ignore_ends=body.ignore_eos,
        )
        reply = Reply(body.model, chat=chat)
        async with self._running(request):
            if body.stream:
                return await _stream(http, body, reply, outputs, chat=chat, logprobs=top_logprobs is not None)
            output = await outputs.get()
        if output.error or output.usage is None:
            raise output.error or ServingError(reason="The engine gave no answer.")
        logprobs = None if top_logprobs is None else output.logprobs
        return web.json_response(reply.whole(output.text, output.finish, output.usage, logprobs))

    @asynccontextmanager
    async def _running(self, request: Request) -> AsyncIterator[None]:
        """Keep a request in the engine for as long as somebody wants its answer."""
        self._engine.submit(request)
        try:
            yield
        finally:
            self._engine.cancel(request)


def _encoder_object(encoder: Encoder) -> Json:
    return {
        "id": EMBEDDING,
        "object": "model",
        "created": 0,
        "owned_by": "attune",
        "root": encoder.name,
        "max_model_len": encoder.limit,
    }


def _tokens(vocabulary: Vocabulary, text: str | list[int], *, parse_special: bool, param: str) -> list[int]:
    """Return a text's tokens, or those given if they are the model's.

    Raises:
        InvalidRequest: there are none, or one is not the model's.
    """
    if isinstance(text, str):
        tokens = vocabulary.tokenise(text, add_special=True, parse_special=parse_special)
    else:
        tokens = text
        wrong = next((token for token in tokens if not 0 <= token < vocabulary.size), None)
        if wrong is not None:
            raise InvalidRequest(
                reason=f"{wrong} is no token of this model; they go from 0 to {vocabulary.size - 1}.", param=param
            )
    if not tokens:
        raise InvalidRequest(reason=f"The {param} is empty. Write something.", param=param)
    return tokens


async def _stream(
    http: web.Request, body: Generation, reply: Reply, outputs: asyncio.Queue[Output], *, chat: bool, logprobs: bool
) -> web.StreamResponse:
    """Send server-sent events; before the first piece, an error still has its own status."""
    output = await outputs.get()
    if output.error:
        raise output.error
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(http)
    if chat:
        await _send(response, reply.opening())
    while output.error is None:
        await _send(response, reply.piece(output.text, output.finish, output.logprobs if logprobs else None))
        if output.finish:
            break
        output = await outputs.get()
    if output.error:
        await _send(response, error_object(output.error))
    elif output.usage and body.wants_usage:
        await _send(response, reply.closing(output.usage))
    await response.write(b"data: [DONE]\n\n")
    return response


async def _send(response: web.StreamResponse, event: Json) -> None:
    await response.write(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")


def _hand_over(loop: asyncio.AbstractEventLoop, outputs: asyncio.Queue[Output], output: Output) -> None:
    """Pass an output from the engine's thread to the loop; a loop that has ended wants none."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(outputs.put_nowait, output)
