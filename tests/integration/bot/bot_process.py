"""The bot in a process of its own, for the people of `make_people`; test_durability starts and kills it."""

import sys
from pathlib import Path

from aiohttp import web

from bot.app import make_app
from bot.settings import Settings
from tests.factories import make_tenant
from tuning.store import Store

if __name__ == "__main__":
    url, folder, port, engine_url = sys.argv[1:]
    settings = Settings(development=True, port=int(port), engine_url=engine_url, admin_group="admins")
    app = make_app(settings, make_tenant(Store(url), Path(folder)))
    web.run_app(app, host="127.0.0.1", port=settings.port, print=None)
