"""An engine without a model, over HTTP: streams what a test wants said, and knows only adapters that were loaded."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web


class FakeEngine:
    """The endpoints that the bot uses; keeps what it was asked."""

    def __init__(self) -> None:
        self.says: Callable[[dict[str, Any]], str] = lambda _request: "Trips are booked by rail [1]."
        self.asked: list[dict[str, Any]] = []
        self.adapters: dict[str, str] = {}
        self.status = 200
        self.retry_after = ""
        """What it asks to wait while its status is not 200."""
        self.busy_for = 10**9
        """How many more questions get that status."""
        self.pause_s = 0.0
        self.longest = 10**9
        """Characters of a prompt's last message that fit."""
        self.is_cutting = False
        """Whether answers take all tokens that they may have."""
        self.cuts: list[int] = []
        """After how many words each of the next answers is cut off, as by a crash; the adapters are gone then."""
        self.closed_early = 0
        self.authorisations: set[str] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.post("/v1/chat/completions", self._chat), web.post("/v1/adapters", self._load)])
        app.add_routes([web.get("/v1/models", self._models)])
        app.add_routes([web.post("/tokenize", self._tokenise)])
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def prompt(self) -> str:
        """The last question as the model saw it."""
        return str(self.asked[-1]["messages"][-1]["content"])

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})  # nothing that embeds

    async def _load(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.adapters[body["id"]] = body["sha256"]
        return web.json_response({"id": body["id"]}, status=201)

    async def _tokenise(self, request: web.Request) -> web.Response:
        return web.json_response({"tokens": [1] * len((await request.json())["content"].split())})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.authorisations.add(request.headers.get("Authorization", ""))
        body = await request.json()
        if self.status != web.HTTPOk.status_code and self.busy_for:
            self.busy_for -= 1
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            error = {"error": {"message": "No.", "code": "refused"}}
            return web.json_response(error, status=self.status, headers=headers)
        if body["model"] not in self.adapters:
            return web.json_response({"error": {"message": "No.", "code": "model_not_found"}}, status=404)
        if len(body["messages"][-1]["content"]) > self.longest:
            return web.json_response({"error": {"message": "No.", "code": "context_length_exceeded"}}, status=400)
        self.asked.append(body)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        cut = self.cuts.pop(0) if self.cuts else None
        try:
            for number, word in enumerate(self.says(body).split(" ")):
                if number == cut and request.transport is not None:
                    self.adapters.clear()
                    request.transport.abort()
                delta = {"choices": [{"index": 0, "delta": {"content": f"{word} "}}]}
                await response.write(f"data: {json.dumps(delta)}\n\n".encode())
                await asyncio.sleep(self.pause_s)
            end = {"index": 0, "delta": {}, "finish_reason": "length" if self.is_cutting else "stop"}
            await response.write(f"data: {json.dumps({'choices': [end]})}\n\n".encode())
            await response.write(b"data: [DONE]\n\n")
        except (ConnectionResetError, asyncio.CancelledError):
            self.closed_early += 1
            raise
        return response
