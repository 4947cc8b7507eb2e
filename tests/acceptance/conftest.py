"""Attune as people run it: `attune up` on free ports with a store of its own, and each person's page in Chromium."""

import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bot.playground import is_installed
from tuning.domain.principals import Person
from tuning.sources.people import FilePeople

READY_S = 180.0
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
LOCAL = ("http://localhost:", "http://127.0.0.1:", "ws://localhost:", "ws://127.0.0.1:", "data:", "blob:")


@dataclass(frozen=True, kw_only=True)
class Running:
    """An `attune up` that is ready."""

    process: psutil.Popen
    lines: "queue.Queue[str]"
    playground_port: int


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pictures be kept."""
    parser.addoption("--screens", help="folder for the pictures that the Playground's tests take")


@pytest.fixture(scope="session")
def people(root: Path) -> tuple[Person, ...]:
    """Employee, owner and admin of the sample tenant, in this order."""
    return FilePeople(root / "sample_tenant/people.json").personas[:3]


@pytest.fixture(scope="session")
def running(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start everything, and see that stopping it leaves nothing behind."""
    if not is_installed(root / ".cache/playground"):
        pytest.skip("Node.js or the Agents Playground is not there")
    folder = tmp_path_factory.mktemp("attune")
    bot_port, engine_port, playground_port = free_ports(7)[:3]
    environment = os.environ | {
        "ATTUNE_STORE_URL": f"sqlite:///{folder}/attune.db",
        "ATTUNE_ARTIFACTS": str(folder / "artifacts"),
        "ATTUNE_LOGS": str(folder / "logs"),
        "ATTUNE_PORT": str(bot_port),
        "ATTUNE_ENGINE_URL": f"http://127.0.0.1:{engine_port}",
        "ATTUNE_PLAYGROUND_PORT": str(playground_port),
    }
    command = [str(Path(sys.executable).with_name("attune")), "up", "--no-browser"]
    process = psutil.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    lines: queue.Queue[str] = queue.Queue()

    def collect() -> None:
        with process.stdout:
            for line in process.stdout:
                lines.put(line)

    reader = threading.Thread(target=collect, daemon=True)
    reader.start()
    wait_for_line(lines, "Attune is ready", READY_S)
    yield Running(process=process, lines=lines, playground_port=playground_port)
    family = process.children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    reader.join(10)  # closes the pipe: left open, it would be a warning, and warnings are errors
    _, left = psutil.wait_procs(family, timeout=5)
    assert [" ".join(one.cmdline()) for one in left if one.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it."""
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

    def messages(self) -> Locator:
        """What the bot has said so far."""
        return self.page.locator(".fai-OutputCard")

    def wait_for(self, text: str, *, timeout_s: float = 30) -> Locator:
        """Wait until the bot's last words contain the text."""
        found = self.messages().filter(has_text=text).last
        expect(found).to_be_visible(timeout=timeout_s * 1000)
        return found

    def press(self, title: str, *, timeout_s: float = 30) -> None:
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

    def tick(self, title: str | re.Pattern[str]) -> None:
        """Tick a box of the newest list that has it."""
        self.page.get_by_role("checkbox", name=title).last.check()

    def ask(self, question: str, *, timeout_s: float = 60) -> str:
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


@pytest.fixture(scope="session")
def chats(running: Running, browser: Browser, people: tuple[Person, ...]) -> Iterator[list[Chat]]:
    """Employee, owner and admin, each at a page of their own, all at once."""
    contexts = [browser.new_context(viewport={"width": 960, "height": 880}) for _ in people]
    chats = []
    for number, (context, person) in enumerate(zip(contexts, people, strict=True)):
        # The Playground asks a content network for fonts; nothing may leave this machine.
        context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(LOCAL) else route.abort())
        page = context.new_page()
        page.goto(f"http://localhost:{running.playground_port + number}", wait_until="domcontentloaded")
        page.locator("[role=textbox][contenteditable=true]").last.wait_for()
        page.get_by_title("Hide log panel").click()
        chats.append(Chat(page, person))
    yield chats
    for context in contexts:
        context.close()


def wait_for_line(lines: "queue.Queue[str]", text: str, timeout_s: float) -> str:
    """Wait until a line with the text is printed; show what was printed when it isn't."""
    printed, ends_at = [], time.monotonic() + timeout_s
    while (left := ends_at - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            break
        printed.append(line)
        if text in line:
            return line
    pytest.fail(f"{text!r} was not printed within {timeout_s:g} s; printed was:\n{''.join(printed)}")


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
