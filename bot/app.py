"""The bot's process: everything put together, its addresses, and an orderly end."""

import asyncio
import gc
import logging
import ssl
import sys
from collections.abc import AsyncGenerator

import aiohttp
import uvloop
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from bot.activities import Thumbs
from bot.addresses import PublicResolver
from bot.answering import Answering
from bot.attachments import Attachments
from bot.changes import Changes
from bot.channel import MAX_BODY_BYTES, METADATA_URL, AppToken, Channel, Credentials
from bot.connector import Connector
from bot.deliveries import Deliveries
from bot.engine import Engine
from bot.files import CONSENT, Files
from bot.intake import DRAIN_S, QUESTION, WELCOME, Intake, Work
from bot.invokes import Invokes
from bot.managed_identity import IdentityToken
from bot.messages import Messages
from bot.metrics import Metrics
from bot.nearness import is_from_here
from bot.outbox import Outbox
from bot.presses import Presses
from bot.settings import Settings, objections_to_serving
from bot.sign_in import SAVE, SignIns
from bot.signing_keys import SigningKeys
from bot.tab.routes import ROUTES, TAB, Tab
from bot.tab.tokens import Tokens, metadata_url
from bot.tab.visitors import Visitors
from bot.teams_turn import TeamsTurn
from bot.turn import DELETION, EDIT, Incoming, Turn
from serving import logs
from tuning.governance.tenant import Tenant
from tuning.store import Store
from tuning.tenancy import tenant_of

GARBAGE = (20_000, 50, 1000)
"""Thresholds of Python's collector of cyclic garbage, instead of (700, 10, 10)."""


def make_app(settings: Settings, tenant: Tenant) -> web.Application:
    """Return the application; what it holds open is opened at its start and closed at its end."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)

    async def life(app: web.Application) -> AsyncGenerator[None]:
        credentials = Credentials(
            app_id=settings.app_id, password=settings.app_password.get_secret_value(), tenant_id=settings.tenant_id
        )
        resolver = None if settings.development else PublicResolver()
        trust = ssl.create_default_context(cafile=settings.graph_authorities)
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver, ssl=trust))
        connector = Connector(
            session,
            hosts=settings.service_url_hosts,
            is_loopback_allowed=settings.development,
            token=IdentityToken(session, settings.app_id) if settings.app_managed_identity else AppToken(credentials),
        )
        engine = Engine(settings.engine_url, api_key=settings.engine_api_key.get_secret_value())
        metrics = app[METRICS]
        tokens = None if settings.is_unsigned else _tokens(settings, session)
        sign_ins = _sign_ins(settings, tokens)
        # The Playground opens no dialog of the bot's.
        thumbs = Thumbs.PLAIN if settings.development else Thumbs.ASKING

        def turn(incoming: Incoming) -> Turn:
            return TeamsTurn(connector, incoming, thumbs=thumbs, sign_ins=sign_ins)

        files = Files(tenant, session, is_loopback_allowed=settings.development, sign_ins=sign_ins, turn=turn)
        presses = Presses(tenant, files)
        answering = Answering(tenant, engine, files, sign_ins.delegations if sign_ins is not None else None)
        attachments = Attachments(session, is_loopback_allowed=settings.development)
        messages = Messages(tenant, answering, presses, attachments)

        changes = Changes(tenant, messages)

        work, deliveries = Work(), Deliveries(tenant.store)
        intake = Intake(
            work,
            deliveries,
            turn=turn,
            invoke=Invokes(tenant, presses, sign_ins).answer,
            withdraw=changes.withdraw,
            handlers={
                kind: metrics.timed(kind, handler)
                for kind, handler in {
                    "message": messages.handle,
                    QUESTION: messages.ask,
                    WELCOME: messages.welcome,
                    CONSENT: files.decide,
                    SAVE: files.save,
                    EDIT: changes.edited,
                    DELETION: changes.deleted,
                }.items()
            },
        )
        app[CHANNEL], app[INTAKE] = Channel(credentials, connector, SigningKeys(session, METADATA_URL)), intake
        # The key counts for nothing where there are tokens.
        visitors = Visitors(tokens, settings.page_key.get_secret_value())
        app[TAB] = Tab(tenant=tenant, visitors=visitors, library=settings.teams_library, authorise=settings.authorise)
        holding = asyncio.create_task(deliveries.keep(intake.go_on))
        outbox = Outbox(tenant, connector)
        sending = asyncio.create_task(outbox.run())
        yield
        outbox.stop()
        await work.drain()
        await asyncio.wait([sending], timeout=DRAIN_S)
        for task in (sending, holding):
            task.cancel()
        await asyncio.wait([sending, holding])
        await deliveries.give_back()
        if sign_ins is not None:
            await asyncio.to_thread(sign_ins.delegations.close)
        await engine.close()
        await session.close()

    app[METRICS] = Metrics(tenant.store)
    app[STORE] = tenant.store
    app.cleanup_ctx.append(life)
    app.add_routes([web.post("/api/messages", _receive), web.get("/health", _health), web.get("/metrics", _metrics)])
    app.add_routes(ROUTES)
    return app


def _tokens(settings: Settings, session: aiohttp.ClientSession) -> Tokens:
    """Return what tells by their tokens who people are."""
    keys = SigningKeys(session, metadata_url(settings.login_url, settings.tenant_id))
    return Tokens(
        keys,
        app_id=settings.app_id,
        tenant_id=settings.tenant_id,
        resource=settings.resource,
        login_url=settings.login_url,
    )


def _sign_ins(settings: Settings, tokens: Tokens | None) -> SignIns | None:
    """Return what asks Teams for people's tokens, if Attune acts on their behalf."""
    registration = settings.for_people
    if registration is None or tokens is None:
        return None
    from tuning.sources.graph.delegation import Delegations  # noqa: PLC0415 - Microsoft's packages load slowly

    return SignIns(
        tokens,
        Delegations(registration),
        secret=registration.secret,
        resource=settings.resource,
        page=f"{settings.public_url.rstrip('/')}/tab/sign-in",
    )


logger = logging.getLogger(__name__)
CHANNEL = web.AppKey("channel", Channel)
INTAKE = web.AppKey("intake", Intake)
METRICS = web.AppKey("metrics", Metrics)
STORE = web.AppKey("store", Store)


async def _receive(request: web.Request) -> web.Response:
    response = await request.app[CHANNEL].process(request, request.app[INTAKE])
    request.app[METRICS].requests.labels(str(response.status)).inc()
    return response


async def _metrics(request: web.Request) -> web.Response:
    if not is_from_here(request):
        raise web.HTTPNotFound
    body = await asyncio.to_thread(request.app[METRICS].text)
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def _health(request: web.Request) -> web.Response:
    try:
        await asyncio.to_thread(request.app[STORE].reach)
    except DBAPIError as error:
        logger.warning("The store can't be reached: %s", type(error.orig).__name__)
        return web.json_response({"status": "the store can't be reached"}, status=503)
    return web.json_response({"status": "ok"})


def main() -> None:
    """Read the settings and serve until stopped; refuse settings that would not be safe."""
    settings = Settings()
    logs.set_up(settings.log_format, settings.log_level)
    if objections := objections_to_serving(settings):
        sys.exit("\n".join(objections))
    tenant = tenant_of(settings, Store(settings.store_url))
    tenant.store.migrate()
    app = make_app(settings, tenant)
    # What is loaded by now stays: no collection of garbage has to look at it again, and turns leave few cycles behind.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    web.run_app(
        app,
        host=settings.host,
        port=settings.port,
        print=None,
        shutdown_timeout=10.0,
        loop=uvloop.new_event_loop(),
    )
