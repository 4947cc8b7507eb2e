"""What the bot is compared with: a bot that echoes, on botbuilder as its own samples use it. `python -m ... PORT`."""

import sys

from aiohttp import web
from botbuilder.core import ActivityHandler, MessageFactory, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication


class Unregistered:
    """A bot without a registration in Entra, which takes unsigned requests as the measured bot does in development."""

    APP_ID = ""
    APP_PASSWORD = ""


class Echo(ActivityHandler):
    """Says again what it hears."""

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Answer a message."""
        await turn_context.send_activity(MessageFactory.text(f"Echo: {turn_context.activity.text}"))


def main() -> None:
    """Serve on a port of the loopback address until stopped."""
    adapter, echo = CloudAdapter(ConfigurationBotFrameworkAuthentication(Unregistered())), Echo()

    async def receive(request: web.Request) -> web.Response:
        # The adapter answers nothing where there is nothing to say, which aiohttp no longer takes.
        return await adapter.process(request, echo) or web.Response(status=202)

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.add_routes([web.post("/api/messages", receive), web.get("/health", health)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
