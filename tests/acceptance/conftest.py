"""Attune as people run it: `attune up` on free ports with a store of its own, and each person's page in Chromium."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bot.playground import is_installed
from tuning.domain.principals import Person
from tuning.sources.people import FilePeople

READY_S = 600.0
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
DOCUMENTS = ("company-cards-faq.md", "executive-travel.docx", "expense-claims.pdf")
"""Of the travel documents: what the tests learn from; not everybody may read the second."""
UNANSWERABLE = 3
LOCAL = ("http://localhost:", "http://127.0.0.1:", "ws://localhost:", "ws://127.0.0.1:", "data:", "blob:")


class AttuneUp:
    """`attune up` with a store, artifacts and ports of its own, in a process that can be killed and started again."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.process: psutil.Popen
        self.said: list[str] = []
        """Every line so far, over all starts."""
        self._root = root
        self._environment = os.environ | environment
        self._has_more = threading.Condition()
        self._reader: threading.Thread

    def start(self) -> None:
        command = [str(Path(sys.executable).with_name("attune")), "up", "--no-browser"]
        self.process = psutil.Popen(
            command,
            cwd=self._root,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def wait_for_line(self, text: str, *, times: int = 1) -> None:
        """Wait until so many lines have held the text; show what was printed when they don't come."""

        def is_there() -> bool:
            return sum(text in line for line in self.said) >= times

        with self._has_more:
            if not self._has_more.wait_for(is_there, READY_S):
                pytest.fail(f"{text!r} was not printed within {READY_S:g} s; printed was:\n{''.join(self.said)}")

    def kill(self) -> None:
        """Kill it without warning, and see that all its parts end by themselves."""
        family = self.process.children(recursive=True)
        self.process.kill()
        self._has_ended(family)

    def stop(self) -> None:
        """Press Ctrl-C, and see that it stops in good order."""
        family = self.process.children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(120) == 0
        self._has_ended(family)

    def part(self, module: str) -> psutil.Process | None:
        """Return the process that runs a module of ours: the oldest, because its children look like it at first."""
        found = []
        for process in self.process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                if module in words and "python" in words[0] and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return min(found, key=lambda process: process.create_time(), default=None)

    def _has_ended(self, family: list[psutil.Process]) -> None:
        self.process.wait(120)
        self._reader.join(10)  # closes the pipe: left open, it would be a warning, and warnings are errors
        ends_at = time.monotonic() + 20
        while left := [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
            assert time.monotonic() < ends_at, [" ".join(one.cmdline()) for one in left]
            time.sleep(0.05)

    def _collect(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                with self._has_more:
                    self.said.append(line)
                    self._has_more.notify_all()


@dataclass(frozen=True, kw_only=True)
class Running:
    """An `attune up` that is ready."""

    playground_port: int


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pictures be kept."""
    parser.addoption("--screens", help="folder for the pictures that the tests take")


@pytest.fixture(scope="session")
def screens(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go."""
    chosen = request.config.getoption("--screens", None)
    return Path(chosen) if chosen else tmp_path_factory.mktemp("screens")


@pytest.fixture(scope="session")
def tenant(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample tenant with a single source of a few documents, one of them not for everybody."""
    sample, folder = root / "sample_tenant", tmp_path_factory.mktemp("tenant")
    (folder / "documents/travel").mkdir(parents=True)
    shutil.copy(sample / "people.json", folder)
    for name in (".access.json", *DOCUMENTS):
        shutil.copy(sample / "documents/travel" / name, folder / "documents/travel")
    agent = json.loads((sample / "agent.json").read_text("utf-8"))
    agent |= {"sources": ["documents/travel"], "starters": ["How large a tip will be paid back?"]}
    (folder / "agent.json").write_text(json.dumps(agent), "utf-8")
    questions = read_rows(sample / "holdout.jsonl")
    known = [row for row in questions if row["document"] in {f"travel/{name}" for name in DOCUMENTS}]
    unknown = [row for row in questions if row["document"] is None][:UNANSWERABLE]
    write_rows(folder / "holdout.jsonl", [*known, *unknown])
    corrections = read_rows(sample / "corrections.jsonl")
    write_rows(folder / "corrections.jsonl", [row for row in corrections if "company card" in row["question"]])
    return folder


@pytest.fixture(scope="session")
def people(root: Path) -> tuple[Person, ...]:
    """Employee, owner and admin of the sample tenant, in this order."""
    return FilePeople(root / "sample_tenant/people.json").personas[:3]


@pytest.fixture(scope="module")
def running(root: Path, tenant: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start everything, and see that stopping it leaves nothing behind."""
    if not is_installed(root / ".cache/playground"):
        pytest.skip("Node.js or the Agents Playground is not there")
    folder = tmp_path_factory.mktemp("attune")
    bot_port, engine_port, playground_port = free_ports(7)[:3]
    up = AttuneUp(
        root,
        {
            "ATTUNE_TENANT": str(tenant),
            "ATTUNE_STORE_URL": f"sqlite:///{folder}/attune.db",
            "ATTUNE_ARTIFACTS": str(folder / "artifacts"),
            "ATTUNE_LOGS": str(folder / "logs"),
            "ATTUNE_PORT": str(bot_port),
            "ATTUNE_ENGINE_URL": f"http://127.0.0.1:{engine_port}",
            "ATTUNE_PLAYGROUND_PORT": str(playground_port),
        },
    )
    up.start()
    up.wait_for_line("Attune is ready")
    yield Running(playground_port=playground_port)
    up.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it, for one module: until it goes, no test in this thread may run an event loop."""
    found = next((path for path in CHROMIUM if Path(path).exists()), shutil.which("chromium"))
    if not found:
        pytest.skip("Chromium is not there")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Chat:
    """One person's personal chat with Attune, in a page of the Playground."""

    def __init__(self, page: Page, person: Person) -> None:
        self.page = page
        self.person = person

    def say(self, text: str) -> None:
        box = self.page.locator("[role=textbox][contenteditable=true]").last
        box.click()
        self.page.keyboard.type(text)
        self.page.get_by_role("button", name="Send Message").click()

    def paste(self, text: str) -> None:
        """Write a message that is too long to type."""
        self.page.locator("[role=textbox][contenteditable=true]").last.click()
        self.page.keyboard.insert_text(text)
        self.page.get_by_role("button", name="Send Message").click()

    def messages(self) -> Locator:
        """What the bot has said so far."""
        return self.page.locator(".fai-OutputCard")

    def wait_for(self, text: str, *, timeout_s: float = 120) -> Locator:
        """Wait until the bot's last words contain the text."""
        found = self.messages().filter(has_text=text).last
        expect(found).to_be_visible(timeout=timeout_s * 1000)
        return found

    def press(self, title: str, *, timeout_s: float = 120) -> None:
        self.page.get_by_role("button", name=title, exact=True).last.click(timeout=timeout_s * 1000)

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).last.fill(text)

    def choose(self, label: str, *options: str) -> None:
        """Choose in a list that opens; several options where the list takes several."""
        box = self.page.get_by_label(label).last
        box.click()
        for option in options:
            self.page.locator("[role=option],[role=menuitemcheckbox]").filter(has_text=option).last.click()
        self.page.keyboard.press("Escape")

    def tick(self, title: str | re.Pattern[str], *, lists_before: int = 0) -> None:
        """Tick a box of the newest list that has it, or of one so many lists before that."""
        boxes = self.page.get_by_role("checkbox", name=title)
        expect(boxes.last).to_be_visible()
        boxes.nth(boxes.count() - 1 - lists_before).check()

    def ask(self, question: str, *, timeout_s: float = 240) -> str:
        """Ask, wait until the answer is complete, and return it."""
        # The Playground shows the answer and its button as two bubbles, both with the label; the button comes last.
        buttons = self.page.get_by_role("button", name="Correct this answer")
        before = buttons.count()
        self.say(question)
        expect(buttons).to_have_count(before + 1, timeout=timeout_s * 1000)
        expect(self.page.locator(".fai-AiGeneratedDisclaimer").last).to_be_visible()
        return self.messages().filter(has_text="· release").last.inner_text()

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)


@contextlib.contextmanager
def open_chats(browser: Browser, people: Sequence[Person], first_port: int) -> Iterator[list[Chat]]:
    """Open each person's own page of the Playgrounds that begin at a port, all at once."""
    contexts = [browser.new_context(viewport={"width": 960, "height": 880}) for _ in people]
    chats = []
    for number, (context, person) in enumerate(zip(contexts, people, strict=True)):
        # The Playground asks a content network for fonts; nothing may leave this machine.
        context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(LOCAL) else route.abort())
        page = context.new_page()
        page.goto(f"http://localhost:{first_port + number}", wait_until="domcontentloaded", timeout=120_000)
        page.locator("[role=textbox][contenteditable=true]").last.wait_for()
        page.get_by_title("Hide log panel").click()
        chats.append(Chat(page, person))
    yield chats
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def chats(running: Running, browser: Browser, people: tuple[Person, ...]) -> Iterator[list[Chat]]:
    """Employee, owner and admin, each at a page of their own, all at once."""
    with open_chats(browser, people, running.playground_port) as chats:
        yield chats


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a process of ours gets: these settings, and none of those of whoever runs the tests."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
    return others | {f"ATTUNE_{name}": value for name, value in settings.items()}


def free_ports(count: int) -> list[int]:
    """Return so many free ports in a row: bot, engine, then the Playgrounds."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        if first + count < 65535 and all(is_free(port) for port in range(first, first + count)):
            return list(range(first, first + count))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
