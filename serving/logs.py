"""How a process logs: as text for people or as JSON for machines, each line with the request that it belongs to.

Engine, bot and worker set themselves up here. What libraries say below a warning is left out at every level: some of
them write down whole requests, and no log may hold what people asked.
"""

import json
import logging
import re
import sys
import threading
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

HEADER = "X-Request-Id"
OURS = ("bot", "serving", "tuning")
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_READABLE = re.compile(r"[\w.:|=-]{1,128}", re.ASCII)
_request_id: ContextVar[str] = ContextVar("request_id", default="")

Form = Literal["text", "json"]

logger = logging.getLogger(__name__)


def set_up(form: Form, level: str, *, text: str = TEXT) -> None:
    """Write what is logged to standard error: ours from the level on, that of others from a warning on."""
    handler = logging.StreamHandler()
    handler.addFilter(_note_request)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(f"{text}%(suffix)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_end
    threading.excepthook = lambda end: _log_end(end.exc_type, end.exc_value or end.exc_type(), end.exc_traceback)


@contextmanager
def about(request_id: str) -> Generator[None]:
    """Let every line within be about a request; in tasks that begin within it, too, and threads given the context."""
    before = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(before)


def current() -> str:
    """Return the id of the request that is being worked on; empty if there is none."""
    return _request_id.get()


def readable(text: str) -> str:
    """Return an id that came from outside if it may stand in a header and a log, else a new one."""
    return text if _READABLE.fullmatch(text) else uuid.uuid4().hex


def send_along(request: Any) -> None:
    """Put the id into the headers of a request that is about to be sent."""
    if current():
        request.headers[HEADER] = current()


class JsonLines(logging.Formatter):
    """One object a line, in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, with the traceback of its error, if it has one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _note_request(record: logging.LogRecord) -> bool:
    record.suffix = f" [{current()}]" if current() else ""
    return True


def _log_end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    elif not issubclass(kind, SystemExit):
        logger.critical("An error that nobody expected", exc_info=(kind, error, traceback))
