"""The door to Microsoft 365: Graph by msgraph-sdk, on a loop of its own for synchronous callers."""

import asyncio
import copy
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory

from tuning.domain.registration import AppRegistration
from tuning.languages import say
from tuning.sources.errors import Microsoft365Refused
from tuning.sources.graph.pace import BUSY, Pace, PacedTransport
from tuning.sources.graph.sign_in import AppSignIn, SignIn

BATCH = 20
"""Requests that Graph takes in one."""

_ATTEMPTS = 3
_PUT_OFF = BUSY | {500, 502}
"""Answers within a batch after which the same is asked again."""
_TIMEOUT_S = 30.0
_CHUNK = 2**16
_UNAUTHORIZED, _LAST_GOOD = 401, 299
_CREATED = frozenset({200, 201})
_LONGEST_WAIT_S = 180.0
T = TypeVar("T")


class _Tokens(AccessTokenProvider):
    """Hands the SDK msal's tokens, for Graph's host alone."""

    def __init__(self, graph: "Graph", host: str) -> None:
        self._graph = graph
        self._hosts = AllowedHostsValidator([host])

    async def get_authorization_token(
        self,
        uri: str,
        additional_authentication_context: dict[str, Any] = {},  # noqa: B006, ARG002 - the base class's signature
    ) -> str:
        return (
            await self._graph.token(self._graph.registration.graph_scope) if self._hosts.is_url_host_valid(uri) else ""
        )

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts


class Graph:
    """A connection to Microsoft 365 as the app registration; a context manager that closes it.

    Asking again: the SDK waits as long as Retry-After says for 429, 503 and 504, and fewer requests are under way from
    then on; here a connection that was cut is asked twice more, and after a 401 once more with a fresh token.
    """

    def __init__(self, registration: AppRegistration) -> None:
        """Take the registration; nothing is asked before the first request."""
        self.registration = registration
        base = httpx.URL(registration.graph_url)
        trust = ssl.create_default_context(cafile=registration.authorities)
        proxy = None if proxy_bypass(base.host) else getproxies().get("https")
        # Kept, because the SDK's own transport around it does not close it.
        self.pace = Pace()
        self._transport = PacedTransport(self.pace, verify=trust, proxy=proxy)
        plain = httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT_S)
        self.http = GraphClientFactory.create_with_default_middleware(client=plain, options=options)
        self._speak(AppSignIn(registration))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="graph", daemon=True)
        self._thread.start()

    def _speak(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        host = httpx.URL(self.registration.graph_url).host
        self._adapter = GraphRequestAdapter(
            BaseBearerTokenAuthenticationProvider(_Tokens(self, host)), client=self.http
        )
        self._adapter.base_url = self.registration.graph_url
        self.sdk = GraphServiceClient(request_adapter=self._adapter)

    def acting_as(self, sign_in: SignIn) -> "Graph":
        """Return the same connection with the tokens of somebody else, of whom this one knows nothing.

        It is closed with this one, and not by itself.
        """
        other = copy.copy(self)
        other._speak(sign_in)  # noqa: SLF001 - it is this class's own
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.run(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._sign_in.close()

    async def _hang_up(self) -> None:
        await self.http.aclose()
        await self._transport.aclose()
        await asyncio.sleep(0)  # the loop closes a socket in its next round

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do asynchronous work from a synchronous caller, on any thread but this connection's own."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def answer(self, work: Coroutine[Any, Any, T], *, timeout_s: float | None = None) -> T:
        """Do what a person waits for, so many seconds at most.

        Raises Microsoft365Refused for an error that nobody has put into words, and if it takes longer.
        """
        try:
            return self.run(asyncio.wait_for(work, timeout_s))
        except TimeoutError as error:
            raise Microsoft365Refused(say("Microsoft 365 did not answer in time; try again in a minute.")) from error
        except APIError as error:
            raise Microsoft365Refused(
                say(
                    "Microsoft 365 answered with an error ({status}): {reason}.",
                    status=error.response_status_code or "",
                    reason=error.message or say("without a reason"),
                )
            ) from error

    async def token(self, scope: str) -> str:
        """Return a token for a scope, msal's cached one while it lasts; raises Microsoft365Refused."""
        return await asyncio.to_thread(self._sign_in.token, scope)

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Await a request, again when its connection was cut or its token was refused; raises ODataError."""
        is_fresh = False
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await question()
            except httpx.TransportError as error:
                if attempt == _ATTEMPTS:
                    raise Microsoft365Refused(
                        say("Microsoft 365 could not be reached; what is known is kept, and the next sync tries again.")
                    ) from error
                await asyncio.sleep(attempt / 4)
            except APIError as error:
                if error.response_status_code != _UNAUTHORIZED or is_fresh:
                    raise
                is_fresh = True
                await asyncio.to_thread(self._sign_in.forget)
        raise AssertionError

    async def permissions(self, drive_id: str, item_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return the permissions of at most twenty items in one request; those that Graph refuses are missing."""
        items = self.sdk.drives.by_drive_id(drive_id).items
        answers = await self._each(
            {item_id: items.by_drive_item_id(item_id).permissions.to_get_request_information() for item_id in item_ids}
        )
        return {item_id: answer["body"] for item_id, answer in answers.items() if answer["status"] <= _LAST_GOOD}

    async def contents(self, drive_id: str, item_ids: list[str]) -> dict[str, str]:
        """Return the addresses that at most twenty items' contents lie at, in one request; those refused are missing.

        They need no token and do not last: an hour or less.
        """
        items = self.sdk.drives.by_drive_id(drive_id).items
        answers = await self._each(
            {item_id: items.by_drive_item_id(item_id).content.to_get_request_information() for item_id in item_ids}
        )
        found = {item_id: _header(answer, "location") for item_id, answer in answers.items()}
        return {item_id: address for item_id, address in found.items() if address.startswith("https://")}

    async def labels(self, drive_id: str, item_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return which labels at most twenty files have, in one request; those that Graph refuses are missing."""
        items = self.sdk.drives.by_drive_id(drive_id).items
        answers = await self._each(
            {
                item_id: items.by_drive_item_id(item_id).extract_sensitivity_labels.to_post_request_information()
                for item_id in item_ids
            }
        )
        return {item_id: answer["body"] for item_id, answer in answers.items() if answer["status"] <= _LAST_GOOD}

    async def label_names(self) -> dict[str, str]:
        """Return the organisation's sensitivity labels by their ids; none if Graph refuses to tell."""
        question = self.sdk.security.data_security_and_governance.sensitivity_labels.to_get_request_information()
        try:
            told = (await self.plain(question)).get("value", ())
        except ODataError:
            return {}
        every = [*told, *(below for one in told for below in one.get("sublabels") or ())]
        return {str(one["id"]).lower(): str(one.get("displayName") or one.get("name") or "") for one in every}

    async def _each(self, questions: dict[str, RequestInformation]) -> dict[str, dict[str, Any]]:
        """Ask several things in one request, those again that were put off; return the answers by their keys."""
        answers: dict[str, dict[str, Any]] = {}
        for attempt in range(1, _ATTEMPTS + 1):
            for answer in await self._batch({key: ask for key, ask in questions.items() if key not in answers}):
                answers[str(answer["id"])] = {**answer, "status": int(answer["status"])}
            put_off = [key for key, answer in answers.items() if answer["status"] in _PUT_OFF]
            if any(answers[key]["status"] in BUSY for key in put_off):  # the answer around them was a good one
                self.pace.note(is_busy=True)
            wait = max((_seconds(_header(answers[key], "retry-after")) for key in put_off), default=0.0)
            if not put_off or attempt == _ATTEMPTS or wait > _LONGEST_WAIT_S:
                break
            for key in put_off:
                del answers[key]
            await asyncio.sleep(wait or attempt)
        return answers

    async def _batch(self, questions: dict[str, RequestInformation]) -> list[dict[str, Any]]:
        """Ask several things in one request; its answers are read here, as the SDK's own reading loses their bodies."""
        asked = []
        for key, question in questions.items():
            self._adapter.set_base_url_for_request_information(question)
            method = question.http_method.value if question.http_method else "GET"
            asked.append({"id": key, "method": method, "url": question.url.removeprefix(self._adapter.base_url)})
        post = RequestInformation(Method.POST, "{+baseurl}/$batch", {})
        post.headers.try_add("Accept", "application/json")
        post.set_stream_content(json.dumps({"requests": asked}).encode(), "application/json")
        responses: list[dict[str, Any]] = (await self.plain(post)).get("responses", [])
        return responses

    async def plain(self, question: RequestInformation) -> dict[str, Any]:
        """Return an answer as its JSON says it."""

        async def attempt() -> bytes | None:
            question.headers.remove("Authorization")  # or the SDK would send the token again that was refused
            answer: bytes | None = await self._adapter.send_primitive_async(question, "bytes", {"XXX": ODataError})
            return answer

        said = await self.ask(attempt)
        try:
            content = json.loads(said or b"{}")
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Microsoft365Refused(say("Microsoft 365 sent an answer that can't be read; try again later."))
        return content

    async def download(self, address: str, target: Path, limit: int) -> bool:
        """Stream what lies at one of `contents`' addresses into a file; return whether it has at most `limit` bytes."""

        async def attempt() -> bool:
            request = self.http.build_request("GET", address)
            response = await self.http.send(request, stream=True)
            try:
                return response.status_code <= _LAST_GOOD and await _write(response, target, limit)
            finally:
                await response.aclose()

        return await self.ask(attempt)

    async def upload(self, address: str, piece: bytes, start: int, size: int) -> dict[str, Any] | None:
        """Put a piece of a file of so many bytes at the address of an upload session; return the file after the last.

        The address carries its own permission, so the token stays here. Raises Microsoft365Refused.
        """
        refused = Microsoft365Refused(say("Microsoft 365 did not take the whole file; try again in a minute."))
        if not address.startswith("https://"):
            raise refused
        span = f"bytes {start}-{start + len(piece) - 1}/{size}"

        async def attempt() -> httpx.Response:
            response: httpx.Response = await self.http.put(address, content=piece, headers={"Content-Range": span})
            return response

        response = await self.ask(attempt)
        if response.status_code > _LAST_GOOD:
            raise refused
        told = response.json() if response.status_code in _CREATED else None
        return told if isinstance(told, dict) else None

    async def sharepoint(self, host: str, path: str) -> dict[str, Any] | None:
        """Return what a SharePoint host's own interface says at a path, as JSON; None when it refuses."""
        url = self.registration.sharepoint_url.format(host=host) + path

        async def attempt() -> httpx.Response:
            headers = {
                "Authorization": f"Bearer {await self.token(f'https://{host}/.default')}",
                "Accept": "application/json;odata=nometadata",
            }
            response: httpx.Response = await self.http.get(url, headers=headers)
            if response.status_code == _UNAUTHORIZED:
                raise ODataError(response_status_code=_UNAUTHORIZED)
            return response

        try:
            response = await self.ask(attempt)
        except ODataError:
            return None
        if response.status_code > _LAST_GOOD:
            return None
        content: dict[str, Any] = response.json()
        return content


async def _write(response: httpx.Response, target: Path, limit: int) -> bool:
    """Write a body into a file, from one moment to the next; stop where it grows beyond the limit."""
    part = target.with_name(f".{target.name}.part")
    written = 0
    try:
        with part.open("wb") as file:
            async for chunk in response.aiter_bytes(_CHUNK):
                written += len(chunk)
                if written > limit:
                    return False
                file.write(chunk)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return True


def _header(answer: dict[str, Any], name: str) -> str:
    named = {str(key).lower(): str(value) for key, value in (answer.get("headers") or {}).items()}
    return named.get(name, "")


def _seconds(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return 0.0
