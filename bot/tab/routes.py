"""The page over HTTP: a frame that anybody may see, and behind it what the person may look at, each time checked."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from bot import identity
from bot.errors import Unauthorised
from bot.tab import page
from bot.tab.visitors import Visitors
from tuning.domain.errors import InvalidInput, NotAllowed, Refusal
from tuning.domain.fields import now
from tuning.domain.usage import SPANS
from tuning.governance import access, usage
from tuning.governance.tenant import Tenant
from tuning.languages import ENGLISH, language, say, speaking_in

logger = logging.getLogger(__name__)
ASSETS = Path(__file__).parent / "assets"
LIBRARY = Path("node_modules/@microsoft/teams-js/dist/umd/MicrosoftTeams.min.js")
"""Microsoft's library for pages in Teams, in the folder where set-up puts it."""
HOSTS = "https://teams.microsoft.com https://*.teams.microsoft.com https://*.cloud.microsoft"
"""Where Teams shows pages of others."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    f"base-uri 'none'; form-action 'none'; frame-ancestors {HOSTS}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SECRET = {**HEADERS, "Cache-Control": "no-store"}


@dataclass(frozen=True, kw_only=True)
class Tab:
    """What the handlers need."""

    tenant: Tenant
    visitors: Visitors
    library: Path
    """The folder of Microsoft's library."""
    authorise: str = ""
    """Where at Entra people sign in and consent; empty where Attune acts on nobody's behalf."""


_STATE = re.compile(r"[\w.-]{1,200}")
TAB = web.AppKey("tab", Tab)
Report = Callable[[Tenant, str, str, int], web.Response]
"""Takes organisation, person, agent and days, and returns what the person may look at."""


async def _frame(request: web.Request) -> web.Response:
    spoken = language(_locale(request))
    with speaking_in(spoken):
        body = page.frame(spoken.locale.language)
    return web.Response(text=body, content_type="text/html", headers=SECRET)


async def _sign_in(request: web.Request) -> web.Response:
    """Send a person to Entra, which sends them to `_signed_in`."""
    tab, state = request.app[TAB], request.query.get("state", "")
    if not tab.authorise or not _STATE.fullmatch(state):
        raise web.HTTPNotFound
    return web.Response(status=302, headers={**SECRET, "Location": f"{tab.authorise}&{urlencode({'state': state})}"})


async def _signed_in(request: web.Request) -> web.Response:
    spoken = language(_locale(request))
    with speaking_in(spoken):
        body = page.signed_in(spoken.locale.language)
    return web.Response(text=body, content_type="text/html", headers=SECRET)


async def _asset(name: str, _request: web.Request) -> web.FileResponse:
    return web.FileResponse(ASSETS / name, headers={**HEADERS, "Cache-Control": "no-cache"})


async def _library(request: web.Request) -> web.FileResponse:
    path = request.app[TAB].library / LIBRARY
    if not path.is_file():
        logger.warning("The page can't sign anybody in: %s is not there. Run make set-up where Node.js is.", path)
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={**HEADERS, "Cache-Control": "no-cache"})


async def _answer(report: Report, request: web.Request) -> web.Response:
    tab = request.app[TAB]
    with speaking_in(language(_locale(request))):
        try:
            person_id = await tab.visitors.person_id(request)
            return await asyncio.to_thread(_looked_at, report, tab.tenant, person_id, request.query)
        except Unauthorised as error:
            logger.warning("Turned a look at the page from %s away: %s", request.remote, error)
            return _refusal(401, say(page.UNSIGNED))
        except NotAllowed as refusal:
            return _refusal(403, refusal.sentence)
        except Refusal as refusal:
            return _refusal(400, refusal.sentence)


def _looked_at(report: Report, tenant: Tenant, person_id: str, query: Mapping[str, str]) -> web.Response:
    person = identity.known(tenant, person_id)
    days = query.get("days", str(usage.DAYS))
    if days not in {str(span) for span in SPANS}:
        raise InvalidInput(say("That address is wrong. Please reopen this tab."))
    return report(tenant, person.id, query.get("agent", "")[: access.MAX_ID], int(days))


def _usage(tenant: Tenant, person_id: str, agent_id: str, days: int) -> web.Response:
    shown = usage.report(tenant, person_id, agent_id=agent_id, days=days)
    return web.Response(text=page.report(shown), content_type="text/html", headers=SECRET)


def _csv(of_people: bool, tenant: Tenant, person_id: str, agent_id: str, days: int) -> web.Response:  # noqa: FBT001
    lines = usage.export(tenant, person_id, agent_id=agent_id, days=days, of_people=of_people)
    name = f"usage-{'people-' if of_people else ''}{now():%Y-%m-%d}.csv"
    with speaking_in(ENGLISH):
        body = "".join(lines)
    return web.Response(
        body=body.encode("utf-8-sig"),  # with the mark by which spreadsheets know that it is UTF-8
        headers={
            **SECRET,
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


def _refusal(status: int, sentence: str) -> web.Response:
    return web.Response(text=page.refusal(sentence), status=status, content_type="text/html", headers=SECRET)


def _locale(request: web.Request) -> str:
    """Return the language that the client likes best."""
    return request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()


ROUTES = (
    web.get("/tab", _frame),
    web.get("/tab/sign-in", _sign_in),
    web.get("/tab/signed-in", _signed_in),
    web.get("/tab/signed-in.js", partial(_asset, "signed-in.js")),
    web.get("/tab/page.js", partial(_asset, "page.js")),
    web.get("/tab/page.css", partial(_asset, "page.css")),
    web.get("/tab/teams.js", _library),
    web.get("/tab/usage", partial(_answer, _usage)),
    web.get("/tab/usage/days.csv", partial(_answer, partial(_csv, False))),  # noqa: FBT003
    web.get("/tab/usage/people.csv", partial(_answer, partial(_csv, True))),  # noqa: FBT003
)
