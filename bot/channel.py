"""The one door to botbuilder: who may send activities, and the bot's own credentials. Its faults end here.

botbuilder's own way out (msrest, threads, no patience with 429) is not used: `bot.connector` sends.
"""

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticationConstants,
    BotFrameworkAuthenticationFactory,
    EmulatorValidation,
    MicrosoftAppCredentials,
    PasswordServiceClientCredentialFactory,
    SkillValidation,
)
from botframework.connector.auth.jwt_token_extractor import JwtTokenExtractor

from bot import activities
from bot.connector import Connector
from bot.errors import Malformed, NotDelivered, Replayed, Unauthorised
from bot.signing_keys import SigningKeys
from bot.turn import Incoming, InvokeReply, Json

logger = logging.getLogger(__name__)
MAX_BODY_BYTES = 1024 * 1024
METADATA_URL = AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The bot's registration in Entra; without an id, requests are not signed (development only)."""

    app_id: str = ""
    password: str = ""
    tenant_id: str = ""


class Receiver(Protocol):
    """Who handles activities, once they are known to be genuine."""

    async def receive(self, incoming: Incoming) -> InvokeReply | None:
        """Take an activity: answer an invoke, or accept a message to work on later (None)."""
        ...


class Channel(CloudAdapter):
    """Takes activities over HTTP; every request that is not genuine ends here, with a status and no stack trace."""

    def __init__(self, credentials: Credentials, connector: Connector, keys: SigningKeys) -> None:
        """Take the bot's registration and the connector, which knows the hosts that may be answered to."""
        self._credentials = credentials
        self._connector = connector
        JwtTokenExtractor.metadataCache[METADATA_URL] = keys
        factory = PasswordServiceClientCredentialFactory(
            credentials.app_id, credentials.password, credentials.tenant_id
        )
        super().__init__(BotFrameworkAuthenticationFactory.create(credential_factory=factory))

    async def process(self, request: web.Request, bot: Receiver, ws_response: None = None) -> web.Response:  # noqa: ARG002
        """Hand a genuine activity to the receiver.

        Overrides botbuilder's: that one serialises the body of an invoke twice (every invoke would answer 500), and
        lets malformed bodies and forged tokens end in 500 with a stack trace.
        """
        try:
            body = await _body(request)
            incoming = activities.incoming(body)
            await self._authenticate(body, request.headers.get("Authorization", ""))
            self._check_origin(incoming)
            reply = await bot.receive(incoming)
        except Malformed as error:
            return _refusal(400, str(error))
        except Unauthorised as error:
            logger.warning("Turned a request from %s away: %s", request.remote, error)
            return _refusal(401, "The request is not signed by the Bot Framework for this bot.")
        except Replayed as error:
            logger.warning("Turned a recorded request from %s away: %s", request.remote, error)
            return _refusal(403, "The activity has been dealt with before.")
        if reply is None:
            return web.Response(status=202)
        return web.json_response(reply.body, status=reply.status)

    async def _authenticate(self, body: Json, header: str) -> None:
        if not self._credentials.app_id:
            return  # settings allow this only on a loopback address, in development
        activity = Activity(
            type=body["type"], channel_id=_text(body.get("channelId")), service_url=_text(body.get("serviceUrl"))
        )
        try:
            is_proven = await self._proves(activity, header)
        except Exception as error:  # whatever botbuilder raises, nothing is proven
            raise Unauthorised(f"{type(error).__name__}: {error}") from error
        if not is_proven:
            msg = "The token is not one of the Bot Framework's channels."
            raise Unauthorised(msg)

    async def _proves(self, activity: Activity, header: str) -> bool:
        # Both kinds would make botbuilder look for other keys, blocking and without a time limit.
        if EmulatorValidation.is_token_from_emulator(header) or SkillValidation.is_skill_token(header):
            return False
        result = await self.bot_framework_authentication.authenticate_request(activity, header)
        identity = result.claims_identity
        return bool(identity.is_authenticated) and "exp" in identity.claims  # botbuilder takes tokens without an end

    def _check_origin(self, incoming: Incoming) -> None:
        service_url = str(incoming.reference["serviceUrl"])
        if not self._connector.trusts(service_url):
            raise Unauthorised(f"Its serviceUrl '{service_url}' is not among the allowed hosts.")
        if self._credentials.app_id and incoming.tenant_id != self._credentials.tenant_id:
            raise Unauthorised(f"It comes from the tenant '{incoming.tenant_id}'.")


class AppToken:
    """The bearer token that the bot signs its own messages with."""

    def __init__(self, credentials: Credentials) -> None:
        self._source = (
            MicrosoftAppCredentials(credentials.app_id, credentials.password, credentials.tenant_id)
            if credentials.app_id
            else None
        )

    async def __call__(self) -> str:
        """Return a token that is valid now, empty in development; raise `NotDelivered` if Entra gives none."""
        if self._source is None:
            return ""
        try:
            token: str = await asyncio.to_thread(self._source.get_access_token)
        except (OSError, ValueError) as error:  # PermissionError of botbuilder, and all errors of requests
            raise NotDelivered(0, f"Entra gives the bot no token ({error!r}).") from error
        return token


async def _body(request: web.Request) -> Any:
    if request.content_type != "application/json":
        msg = "The content type must be application/json."
        raise Malformed(msg)
    try:
        text = (await request.read()).decode("utf-8")
        found = json.loads(text, parse_constant=_no_number)
        return _storable(found) if _UNSTORABLE.search(text) else found
    except (ValueError, RecursionError):
        msg = "The body is not JSON."
        raise Malformed(msg) from None


def _no_number(name: str) -> float:
    """Refuse NaN and the infinities, which Python reads and JSON doesn't have."""
    raise ValueError(name)


def _storable(value: Any) -> Any:
    """Return JSON without the characters that no database keeps: NUL, and halves of characters."""
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _refusal(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": {"message": sentence}}, status=status)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
