"""`attune up`: everything on one machine, in one terminal."""

import asyncio
import secrets
import socket
import sys
import time
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.playground import is_installed, playground_config, playground_part
from bot.settings import Settings, is_loopback, objections_to_serving
from bot.supervisor import Part, Say, run_once, supervise
from serving.settings import EngineSettings
from tuning.domain.errors import Refusal
from tuning.domain.principals import ORGANISATION, People, Person
from tuning.sources.people import FilePeople

COLOURS = {"prepare": "magenta", "engine": "cyan", "worker": "yellow", "bot": "green"}
PYTHON = sys.executable


class CannotStart(Exception):  # noqa: N818 - names say what happened, without a suffix
    """Attune can't start; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A person to act as, and where."""

    person: Person
    port: int
    hint: str

    @property
    def url(self) -> str:
        """Where the person's Teams opens."""
        return f"http://localhost:{self.port}"


def up(settings: Settings, *, opens_browser: bool, console: Console) -> None:
    """Prepare, start and supervise engine, worker, bot and a Playground per person, until Ctrl-C.

    Raises:
        CannotStart: something that must be there isn't.
    """
    if not settings.app_id:
        key = SecretStr(secrets.token_urlsafe(16))
        settings = settings.model_copy(update={"development": True, "page_key": key})
    if objections := objections_to_serving(settings):
        raise CannotStart(objections[0])
    began = time.monotonic()
    settings.logs.mkdir(parents=True, exist_ok=True)
    say = _speaker(console)
    try:
        people = FilePeople(settings.tenant / "people.json") if settings.development else None
        seats, playgrounds = _playground(settings, people) if people else ([], [])
        looks = pages(settings, people.personas) if people and settings.is_unsigned else []
        _check_ports(settings, seats)
    except (Refusal, ValueError) as error:
        raise CannotStart(str(error)) from error
    if asyncio.run(run_once(preparation(), logs=settings.logs, say=say)):
        raise CannotStart("The store and the base model could not be prepared; the lines above say why.")

    def when_ready() -> None:
        _welcome(console, settings, seats, seconds=time.monotonic() - began)
        for person, url in looks:
            console.print(f"How agents are used, as {escape(person.name)}: [bold cyan]{url}[/]", soft_wrap=True)
        console.print("Ctrl-C stops everything.\n")
        if opens_browser:
            _open([seat.url for seat in seats])

    parts = [*backend(settings), *playgrounds]
    asyncio.run(supervise(parts, logs=settings.logs, say=say, when_ready=when_ready))
    console.print("Everything has stopped.")


def hint(person: Person, people: People, admin_group: str) -> str:
    """Say what this person can try."""
    if admin_group in people.principals(person.id):
        return "approvals: what owners have submitted, for you to decide"
    if ORGANISATION not in people.principals(person.id):
        return "agents: a guest sees only those that are for guests"
    return "agents: pick one, ask, correct it; or create agent: make your own"


def preparation() -> Part:
    """Return the program that readies store, base model and sources, and ends."""
    return Part(name="prepare", command=(PYTHON, "-m", "tuning.worker.preparation"))


def backend(settings: Settings) -> list[Part]:
    """Return engine (unless it runs elsewhere), worker and bot; preparation comes first, and may make an encoder."""
    engine = urlsplit(settings.engine_url)
    bot = {"ATTUNE_DEVELOPMENT": "1"} if settings.development else {}
    if settings.is_unsigned:
        bot["ATTUNE_PAGE_KEY"] = settings.page_key.get_secret_value()
    parts = [
        Part(name="worker", command=(PYTHON, "-m", "tuning.worker")),
        Part(
            name="bot",
            command=(PYTHON, "-m", "bot"),
            environment=bot,
            health_url=f"http://{settings.host}:{settings.port}/health",
        ),
    ]
    if not is_loopback(engine.hostname or ""):
        return parts  # the engine runs elsewhere and is somebody else's to keep running
    base = settings.artifacts / "base" / "base.gguf"
    environment = {
        "ATTUNE_ENGINE_MODEL": str(base),
        "ATTUNE_ENGINE_ADAPTER_DIR": str(settings.artifacts),
        "ATTUNE_ENGINE_HOST": str(engine.hostname),
        "ATTUNE_ENGINE_PORT": str(engine.port or 80),
        "ATTUNE_ENGINE_LOG_FORMAT": settings.log_format,
    }
    encoder = settings.artifacts / "encoder" / "encoder.gguf"
    if encoder.exists() and EngineSettings(model=base).embedding_model is None:
        environment["ATTUNE_ENGINE_EMBEDDING_MODEL"] = str(encoder)
    return [
        Part(
            name="engine",
            command=(PYTHON, "-m", "serving"),
            environment=environment,
            health_url=f"{settings.engine_url}/health",
        ),
        *parts,
    ]


def pages(settings: Settings, people: Sequence[Person]) -> list[tuple[Person, str]]:
    """Return where each person's page of usage opens; what follows # never leaves the browser."""
    key = settings.page_key.get_secret_value()
    return [(one, f"http://{settings.host}:{settings.port}/tab#{one.id}:{key}") for one in people]


def _playground(settings: Settings, people: FilePeople) -> tuple[list[Seat], list[Part]]:
    """Return who can be acted as, and the Playground that plays Teams for each."""
    personas = people.personas
    if not is_installed(settings.playground):
        return [], []
    seats = [
        Seat(person=person, port=settings.playground_port + number, hint=hint(person, people, settings.admin_group))
        for number, person in enumerate(personas)
    ]
    everybody = [found for found in people.search("", limit=sys.maxsize) if isinstance(found, Person)]
    return seats, [
        playground_part(
            playground_config(seat.person, everybody, people.tenant_id),
            name=f"playground-{number}",
            port=seat.port,
            bot_url=f"http://{settings.host}:{settings.port}",
            installed=settings.playground,
            folder=settings.logs / f"playground-{number}",
        )
        for number, seat in enumerate(seats, start=1)
    ]


def _check_ports(settings: Settings, seats: list[Seat]) -> None:
    engine = urlsplit(settings.engine_url)
    wanted = {settings.port: "ATTUNE_PORT"} | {seat.port: "ATTUNE_PLAYGROUND_PORT" for seat in seats}
    if is_loopback(engine.hostname or ""):
        wanted[engine.port or 80] = "ATTUNE_ENGINE_URL"
    for port, name in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CannotStart(f"Port {port} is in use: stop the program that uses it, or set {name}.") from error


def _speaker(console: Console) -> Say:
    def say(name: str, line: str) -> None:
        colour = COLOURS.get(name, "blue")
        console.print(f"[{colour}]{name:>12}[/] [dim]│[/] {escape(line)}", highlight=False, soft_wrap=True)

    return say


def _welcome(console: Console, settings: Settings, seats: list[Seat], *, seconds: float) -> None:
    console.print()
    if not seats:
        url = f"http://{settings.host}:{settings.port}/api/messages"
        console.print(f"[bold]Attune is ready[/] after {seconds:.0f} s, for Teams at {url}.")
        if settings.development:
            console.print("To chat in a browser, install Node.js 20 or newer and run make up again.")
        return
    title = f"Attune is ready after {seconds:.0f} s. Open a page, and you are that person in Teams:"
    table = Table(title=title, title_justify="left")
    table.add_column("Page", style="bold cyan", no_wrap=True)
    table.add_column("You are")
    table.add_column("Try")
    for seat in seats:
        table.add_row(seat.url, f"[bold]{escape(seat.person.name)}[/], {escape(seat.person.title)}", escape(seat.hint))
    console.print(table)


def _open(urls: list[str]) -> None:
    """Open pages where there is a graphical browser; one for the terminal would take the terminal away."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:
        for url in urls:
            browser.open(url)
