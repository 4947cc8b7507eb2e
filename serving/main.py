"""The engine's process: settings, engine, HTTP, and an orderly end.

ATTUNE_ENGINE_MODEL=base.gguf python -m serving
"""

import asyncio
import logging
import signal
import sys

from aiohttp import web
from pydantic import ValidationError

from serving import logs
from serving.adapters import Adapters
from serving.engine import Engine
from serving.errors import ServingError
from serving.http import make_app
from serving.metrics import Metrics
from serving.settings import EngineSettings

logger = logging.getLogger(__name__)


def main() -> None:
    """Serve until a signal comes; exit with a sentence when the settings or the model are wrong."""
    try:
        settings = EngineSettings()  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = "; ".join(f"ATTUNE_ENGINE_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
        sys.exit(f"The engine's settings are wrong: {wrong}.")
    logs.set_up(settings.log_format, settings.log_level)
    native = logging.getLogger("serving.llama.native")
    native.setLevel(max(native.getEffectiveLevel(), logging.WARNING))
    try:
        asyncio.run(serve(settings))
    except (ServingError, OSError) as error:
        sys.exit(str(error))


async def serve(settings: EngineSettings) -> None:
    """Run the engine and its HTTP server until SIGTERM or SIGINT; answers under way are finished first.

    Raises:
        ServingError: the model can't be served.
        OSError: the port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = settings.config()
    engine = Engine(config, Metrics())
    adapters = Adapters(folder=config.adapter_dir, base=config.model, lanes=engine.lane_count)
    key = settings.api_key.get_secret_value() if settings.api_key else None
    runner = web.AppRunner(
        make_app(engine, adapters, api_key=key), handler_cancellation=True, shutdown_timeout=config.drain_s
    )
    await runner.setup()
    engine.start()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        await site.start()
        host, port = runner.addresses[0][:2]
        logger.info("Serving %s with %d lanes on http://%s:%d", config.model.name, engine.lane_count, host, port)
        loop = asyncio.get_running_loop()
        engine.ended.add_done_callback(lambda _: loop.call_soon_threadsafe(stop.set))
        await stop.wait()
        if engine.ended.done():
            engine.ended.result()
        logger.info("Stopping: answers under way have %g s", config.drain_s)
        engine.drain()
    finally:
        await runner.cleanup()
        await asyncio.to_thread(engine.stop)
