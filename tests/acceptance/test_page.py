"""The page of usage in the real Chromium: by its address on this machine, and as a tab, signed in by Teams.

Teams is played by `teams.html`, with Microsoft's own library in the page. Pictures go to the folder of `--screens`.
"""

import csv
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, Request, Route, ViewportSize, expect

from bot.tab.routes import LIBRARY
from tests.acceptance.conftest import LOCAL, environment, free_ports
from tests.factories import make_agent, make_answer, make_release, make_run
from tests.fakes.entra import APP_ID, HOST, TENANT_ID, FakeEntra
from tuning.domain.fields import now
from tuning.domain.principals import Person
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.domain.usage import DailyUse, PersonUse
from tuning.store import Store

KEY = "the-key-of-this-start"
WIDE = ViewportSize(width=1060, height=1640)
PHONE = ViewportSize(width=320, height=2200)
DAYS = 60
ASKED = (
    "How long is parental leave in Portugal?",
    "Who pays for parental leave?",
    "Is there parking at the airport?",
    "How do I get a parking permit?",
    "What do visas cost?",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory, people: tuple[Person, ...]) -> str:
    """Two months of use: two agents of the owner, the first with two releases, and one of somebody else."""
    url = f"sqlite:///{tmp_path_factory.mktemp('used')}/attune.db"
    store = Store(url)
    store.migrate()
    owner, askers, rng = people[1], [f"p{number}" for number in range(40)], random.Random(7)
    with store.transaction() as session:
        for agent_id, name, owner_id in (
            ("travel", "Travel Guide", owner.id),
            ("leave", "Leave & <Absence>", owner.id),
            ("it", "IT Desk", "somebody"),
        ):
            session.add(make_agent(id=agent_id, name=name, owner_id=owner_id))
        for number in (1, 2):
            session.add(make_run(id=f"run{number}", agent_id="travel", state=RunState.READY))
            made = {"id": f"travel{number}", "run_id": f"run{number}", "agent_id": "travel", "number": number}
            session.add(make_release(**made, state=ReleaseState.LIVE if number == 2 else ReleaseState.SUPERSEDED))
        for ago in range(DAYS):
            for agent_id, most in (("travel", 60), ("leave", 25), ("it", 12)):
                session.add(_day(rng, ago, agent_id, most))
        for number, person_id in enumerate(askers):
            used = {"agent_id": rng.choice(("travel", "leave", "it")), "release_id": "travel2", "person_id": person_id}
            first, last = (now() - timedelta(days=days) for days in (50, rng.randrange(6)))
            questions = 90 - 2 * number
            session.add(PersonUse(**used, questions=questions, first_day=first.date(), last_day=last.date()))
        for number in range(30):
            answer = {
                "id": str(number),
                "question": ASKED[number % len(ASKED)],
                "person_id": askers[number % 7],
                "agent_id": "travel",
            }
            session.add(make_answer(**answer, is_declined=True, asked_at=now() - timedelta(days=number % 20)))
    store.close()
    return url


def _day(rng: random.Random, ago: int, agent_id: str, most: int) -> DailyUse:
    day = (now() - timedelta(days=ago)).date()
    questions = rng.randrange(most // 2, most) // (4 if day.weekday() > 4 else 1)
    answered = questions - rng.randrange(2) if questions else 0
    good = 0.9 if agent_id == "travel" and ago < 20 else 0.7
    thumbs, seconds = questions // 2, [rng.expovariate(0.6) for _ in range(answered)]
    likes = sum(rng.random() < good for _ in range(thumbs))
    return DailyUse(
        day=day,
        agent_id=agent_id,
        release_id=("travel2" if ago < 20 else "travel1") if agent_id == "travel" else agent_id,
        people=max(questions // 3, 1),
        conversations=questions // 2,
        questions=questions,
        answered=answered,
        declined=sum(rng.random() > good for _ in range(answered)),
        likes=likes,
        dislikes=thumbs - likes,
        corrections=(thumbs - likes) // 2,
        seconds=sum(seconds),
        **{f"within_{bound}_s": sum(one <= bound for one in seconds) for bound in (1, 2, 5, 10, 30)},
    )


@dataclass
class Bot:
    """A bot's process."""

    url: str
    log: Path

    def said(self) -> str:
        return self.log.read_text()


Starting = Callable[..., Bot]


@pytest.fixture(scope="module")
def start(root: Path, store: str, tmp_path_factory) -> Iterator[Starting]:
    """Start a bot with the sample tenant and settings on top; all end with the module."""
    begun = []

    def begin(**settings: str) -> Bot:
        port, log = free_ports(1)[0], tmp_path_factory.mktemp("bot") / "log"
        settings |= {"STORE_URL": store, "PORT": str(port), "TENANT": str(root / "sample_tenant"), "LOG_LEVEL": "DEBUG"}
        with log.open("w") as output:
            command = [sys.executable, "-m", "bot"]
            begun.append(subprocess.Popen(command, cwd=root, env=environment(settings), stdout=output, stderr=output))
        bot = Bot(url=f"http://127.0.0.1:{port}", log=log)
        wait_until_up(bot)
        return bot

    yield begin
    for process in begun:
        process.terminate()
    for process in begun:
        assert process.wait(60) == 0


def wait_until_up(bot: Bot) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"{bot.url}/health", timeout=5):
                return
        except (URLError, OSError):
            assert time.monotonic() < until, bot.said()
            time.sleep(0.2)


@pytest.fixture(scope="module")
def development(start: Starting) -> Bot:
    return start(DEVELOPMENT="1", PAGE_KEY=KEY)


@pytest.fixture
def asked() -> list[str]:
    """Every address that the browser has asked for."""
    return []


@pytest.fixture
def context(browser: Browser, asked: list[str]) -> Iterator[BrowserContext]:
    def note(request: Request) -> None:
        asked.append(request.url)

    context = browser.new_context(viewport=WIDE, accept_downloads=True)
    context.on("request", note)
    yield context
    context.close()


def opened(context: BrowserContext, bot: Bot, person: Person) -> Page:
    page = context.new_page()
    page.goto(f"{bot.url}/tab#{person.id}:{KEY}")
    page.locator("h1").wait_for()
    return page


def picture(page: Page, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)


def stayed_here(asked: list[str]) -> bool:
    return bool(asked) and all(url.startswith(LOCAL) for url in asked)


def test_an_admin_looks_at_all_agents_then_at_one_and_saves_files(
    context, asked: list[str], development: Bot, people: tuple[Person, ...], screens: Path
):
    page = opened(context, development, people[2])
    expect(page.locator("h1")).to_have_text("Usage")
    expect(page.locator("table.lines tbody tr")).to_have_count(3)
    expect(page.locator("figure svg[role=img]")).to_have_count(8)
    picture(page, screens / "usage-admin.png")

    page.get_by_role("button", name="Last 90 days").click()
    expect(page.locator("figcaption").first).to_have_text("Questions a week")
    expect(page.get_by_role("button", name="Last 90 days")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Travel Guide").click()
    expect(page.locator("h1")).to_have_text("Usage of Travel Guide")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("table.lines tbody tr")).to_have_count(2)
    picture(page, screens / "usage-agent.png")

    page.locator("details summary").first.click()
    expect(page.locator("details table").first).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Each day as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["agent"] for row in rows} == {"Travel Guide"}
    assert len(rows) == DAYS
    page.get_by_role("button", name="All agents").click()
    expect(page.locator("h1")).to_have_text("Usage")
    assert stayed_here(asked)


def test_an_owner_looks_at_their_own_in_the_dark_and_by_keyboard(
    context, asked: list[str], development: Bot, people: tuple[Person, ...], screens: Path
):
    page = context.new_page()
    page.emulate_media(color_scheme="dark")
    page.goto(f"{development.url}/tab#{people[1].id}:{KEY}")
    expect(page.locator("table.lines tbody tr")).to_have_count(2)
    expect(page.locator("main")).not_to_contain_text("IT Desk")
    picture(page, screens / "usage-owner-dark.png")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Last 7 days")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Last 7 days")).to_have_attribute("aria-pressed", "true")
    assert stayed_here(asked)


def test_a_phone_shows_all_of_it_without_moving_sideways(
    browser: Browser, development: Bot, people: tuple[Person, ...], screens: Path
):
    context = browser.new_context(viewport=PHONE, locale="de-DE")
    page = opened(context, development, people[2])
    expect(page.locator("h1")).to_have_text("Nutzung")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('svg text')].map((text) => text.getBoundingClientRect().height))"
    )
    assert smallest >= 10
    picture(page, screens / "usage-phone.png")
    context.close()


def test_an_employee_reads_who_may_look(
    context, asked: list[str], development: Bot, people: tuple[Person, ...], screens: Path
):
    page = opened(context, development, people[0])
    expect(page.locator("main")).to_contain_text("Only the agent's owner or an admin")
    expect(page.locator("svg")).to_have_count(0)
    page.set_viewport_size({"width": 640, "height": 160})
    picture(page, screens / "usage-employee.png")
    assert stayed_here(asked)


def test_without_its_key_the_page_shows_nothing(context, development: Bot, people: tuple[Person, ...]):
    page = context.new_page()
    page.goto(f"{development.url}/tab#{people[2].id}:another")
    expect(page.locator("main")).to_contain_text("did not say who you are")


class Teams:
    """The page as a tab: Teams and the bot at their own addresses, which lead to this machine."""

    def __init__(self, context: BrowserContext, bot: Bot, root: Path, asked: list[str]) -> None:
        self.token = ""
        self.asked = asked
        self.left: list[str] = []
        """What would have left this machine."""
        self._context, self._bot, self._root = context, bot, root
        context.route("**/*", self._answer)

    def open(self, *, theme: str = "default", locale: str = "en-gb") -> tuple[Page, FrameLocator]:
        page = self._context.new_page()
        page.goto(f"https://teams.microsoft.com/chat?theme={theme}&locale={locale}")
        return page, page.frame_locator("iframe")

    def _answer(self, route: Route) -> None:
        url = route.request.url
        if url.startswith("https://teams.microsoft.com/token"):
            route.fulfill(body=self.token)
        elif url.startswith("https://teams.microsoft.com/"):
            route.fulfill(path=self._root / "tests/acceptance/teams.html", content_type="text/html")
        elif url.startswith(f"https://{HOST}/"):
            route.fulfill(response=route.fetch(url=url.replace(f"https://{HOST}", self._bot.url)))
        else:
            self.left.append(url)
            route.abort()


@pytest.fixture(scope="module")
def entra() -> Iterator[FakeEntra]:
    with FakeEntra() as entra:
        yield entra


@pytest.fixture(scope="module")
def registered(root: Path, start: Starting, entra: FakeEntra) -> Bot:
    library = root / ".cache/teams-js"
    if not (library / LIBRARY).is_file():
        pytest.skip("Microsoft's library for pages in Teams is not there")
    registration = {"APP_ID": APP_ID, "APP_PASSWORD": "made-up", "TENANT_ID": TENANT_ID}
    return start(**registration, LOGIN_URL=entra.url, PUBLIC_URL=f"https://{HOST}", TEAMS_LIBRARY=str(library))


@pytest.fixture
def teams(context: BrowserContext, registered: Bot, root: Path, asked: list[str]) -> Teams:
    return Teams(context, registered, root, asked)


def test_in_teams_a_person_is_signed_in_and_sees_their_theme_and_language(
    teams: Teams, registered: Bot, entra: FakeEntra, people: tuple[Person, ...], screens: Path
):
    teams.token = entra.token(people[2].id)
    page, tab = teams.open(theme="contrast", locale="de-de")
    expect(tab.locator("h1")).to_have_text("Nutzung")
    expect(tab.locator("table.lines tbody tr")).to_have_count(3)
    page.screenshot(path=screens / "usage-contrast.png")
    assert tab.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(0, 0, 0)"
    page.evaluate("dress('dark')")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")

    tab.get_by_role("button", name="Travel Guide").click()
    expect(tab.locator("h1")).to_have_text("Nutzung von Travel Guide")
    with page.expect_download() as download:
        tab.get_by_role("button", name="Wer gefragt hat als CSV").click()
    assert "person " in Path(download.value.path()).read_text("utf-8-sig")

    assert not [url for url in teams.left if "res.cdn.office.net" not in url]
    assert teams.token.split(".")[1] not in registered.said()
    assert not [url for url in teams.asked if teams.token.split(".")[2] in url]


def test_in_teams_a_token_for_another_tenant_and_a_person_who_owns_nothing_are_refused(
    teams: Teams, entra: FakeEntra, people: tuple[Person, ...]
):
    teams.token = entra.token(people[2].id, tid="another")
    _page, tab = teams.open()
    expect(tab.locator("main")).to_contain_text("did not say who you are")
    teams.token = entra.token(people[0].id)
    _page, tab = teams.open()
    expect(tab.locator("main")).to_contain_text("Only the agent's owner or an admin")


def test_where_teams_signs_nobody_in_the_page_says_so(teams: Teams):
    _page, tab = teams.open()
    expect(tab.locator("main")).to_contain_text("did not say who you are")


def test_outside_of_teams_the_page_says_where_it_opens(context: BrowserContext, registered: Bot):
    page = context.new_page()
    page.goto(f"{registered.url}/tab")
    expect(page.locator("main")).to_contain_text("opens in Teams")


def test_other_sites_can_not_frame_the_page(context: BrowserContext, registered: Bot, root: Path, teams: Teams):
    page = context.new_page()
    context.route(
        "https://evil.example/**",
        lambda route: route.fulfill(path=root / "tests/acceptance/teams.html", content_type="text/html"),
    )
    page.goto("https://evil.example/?theme=default&locale=en")
    page.wait_for_timeout(1000)
    assert "<main" not in page.frames[-1].content()


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        ("state=asked&code=secret", ["authentication.authenticate.success", ["asked"]]),
        ("error=access_denied&state=asked", ["authentication.authenticate.failure", ["access_denied"]]),
        ("", ["authentication.authenticate.failure", ["cancelled"]]),
    ],
)
def test_the_end_of_signing_in_tells_teams_how_it_went_and_the_bot_nothing(
    context: BrowserContext, teams: Teams, registered: Bot, behind: str, told: list[object]
):
    page = context.new_page()
    page.goto("https://teams.microsoft.com/chat?theme=default&locale=en-gb&frame=authentication")
    page.evaluate("window.told = []; addEventListener('message', ({ data }) => told.push([data.func, data.args]));")
    page.evaluate(f"document.querySelector('iframe').src = 'https://{HOST}/tab/signed-in#{behind}'")
    page.wait_for_function("told.some(([what]) => what.startsWith('authentication.authenticate.'))")
    assert told in page.evaluate("told")
    assert page.frames[-1].url == f"https://{HOST}/tab/signed-in"
    assert "secret" not in registered.said()
