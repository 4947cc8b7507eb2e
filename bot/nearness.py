"""Whether a request was made on this machine, by a program that meant this machine."""

from urllib.parse import urlsplit

from aiohttp import web

from bot.settings import is_loopback

PASSED_ON = ("forwarded", "via", "x-forwarded", "x-real-ip")
"""What headers of proxies begin with."""


def is_from_here(request: web.Request) -> bool:
    """Say whether the request came over loopback, for a loopback name, and through no proxy that says it is one.

    The name matters: a page from elsewhere can have its own name point here, and a proxy asks for its own, too.
    """
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return False
    is_passed_on = any(name.lower().startswith(PASSED_ON) for name in request.headers)
    return is_loopback(request.remote or "") and is_loopback(host) and not is_passed_on
