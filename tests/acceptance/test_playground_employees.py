"""What employees do in chat, at the real Playground in the real Chromium: three people at once, three kinds of agents.

The engine answers by rule, so that this needs no tuning; test_playground has the whole loop with the real one.
"""

import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from bot.playground import is_installed, playground_config, playground_part
from tests.acceptance.conftest import Chat, free_ports, open_chats
from tuning.domain.principals import Person
from tuning.sources.people import FilePeople

QUESTION = "What is the monthly limit of a company card?"
REPORT = "\n\n".join(
    f"{name} sold {count} sensors in {month}. The harbour towns bought most of them. Returns stayed below two per cent."
    " Three customers asked for a longer guarantee, and two of them got it. The next review is in the spring."
    for name, count, month in (
        ("Rothmere", 90, "May"),
        ("Ulm", 40, "June"),
        ("Dorne", 25, "July"),
        ("Selby", 60, "August"),
        ("Torvik", 75, "September"),
        ("Alden", 30, "October"),
    )
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("employees")


@pytest.fixture(scope="module")
def chats(root: Path, tenant: Path, folder: Path, browser: Browser, people: tuple[Person, ...]) -> Iterator[list[Chat]]:
    """Employee, owner and admin: a bot, and a Playground for each."""
    if not is_installed(root / ".cache/playground"):
        pytest.skip("Node.js or the Agents Playground is not there")
    port = free_ports(1 + len(people))[0]
    bot = [sys.executable, "-m", "tests.acceptance.employees_process", str(folder), str(tenant), str(port)]
    running = [psutil.Popen(bot, cwd=root)]
    directory = FilePeople(tenant / "people.json")
    everybody = [one for one in directory.search("", limit=sys.maxsize) if isinstance(one, Person)]
    for number, person in enumerate(people):
        part = playground_part(
            playground_config(person, everybody, directory.tenant_id),
            name=f"playground-{number}",
            port=port + 1 + number,
            bot_url=f"http://127.0.0.1:{port}",
            installed=root / ".cache/playground",
            folder=folder / f"playground-{number}",
        )
        with (folder / f"playground-{number}/log").open("wb") as log:
            environment = {"PATH": f"{Path(shutil.which('node') or '').parent}:/usr/bin:/bin", **part.environment}
            running.append(psutil.Popen(part.command, cwd=part.folder, env=environment, stdout=log, stderr=log))
    for number in range(1 + len(people)):
        wait_for(f"http://127.0.0.1:{port + number}/{'health' if not number else ''}")
    with open_chats(browser, people, port + 1) as chats:
        yield chats
    for process in running:
        process.kill()
        process.wait(20)


def wait_for(url: str) -> None:
    gives_up_at = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < gives_up_at, url
            time.sleep(0.2)


@pytest.fixture
def trouble(folder: Path) -> Iterator[Path]:
    """The folder whose files make the engine slow, busy or down."""
    yield folder / "trouble"
    for path in (folder / "trouble").iterdir():
        path.unlink()


def go_to(page: Page, chat: str) -> None:
    """Open a chat by the list of chats, which is folded in narrow windows."""
    page.get_by_role("treeitem", name=chat).first.evaluate("item => item.click()")


def turn_to(person: Chat, agent: str) -> None:
    lists = person.messages().filter(has_text="Whom do you want to ask?")
    before = lists.count()
    person.say("agents")
    expect(lists).to_have_count(before + 1, timeout=120_000)
    lists.last.get_by_role("button", name=f"Ask {agent}", exact=True).click()
    person.wait_for(f"You are talking to {agent}")


def test_three_people_ask_at_once_and_go_on_where_they_were(chats: list[Chat], screens: Path):
    employee, owner, admin = chats
    for person, agent in ((employee, "Travel Guide"), (owner, "Briefing"), (admin, "Travel Guide")):
        turn_to(person, agent)
    employee.picture(screens / "agent.png")
    for person in (employee, admin):
        person.say(QUESTION)
    owner.say("Rothmere sold 90 sensors. Nobody returned one.")
    employee.wait_for("3,000 euros")
    admin.wait_for("from 1 source")
    owner.wait_for("from the text you gave")

    # What an answer suggests is asked by a press.
    expect(employee.page.get_by_text("You could also ask").last).to_be_visible()
    expect(employee.page.locator(".fai-Citation")).to_have_count(1)
    employee.picture(screens / "follow-ups.png")
    employee.page.get_by_text("Which bank issues the company cards?").last.click()
    declined = employee.wait_for("The documents that you may read don't say.")
    expect(declined).to_contain_text("ask Mara Lindqvist, who owns 'Travel Guide'")
    employee.picture(screens / "not-in-the-documents.png")

    # Another agent, and back.
    turn_to(employee, "Briefing")
    turn_to(employee, "Travel Guide")
    employee.wait_for("We go on where we were")
    employee.picture(screens / "back-again.png")


def test_feedback_is_given_changed_and_taken_back(chats: list[Chat], screens: Path):
    employee, owner, _admin = chats
    employee.say("new")
    employee.ask(QUESTION)
    employee.page.get_by_role("button", name="Dislike").last.click()
    dialog = employee.page.get_by_role("dialog").last
    dialog.get_by_role("textbox").fill("That was last year.")
    employee.picture(screens / "thumb.png")
    dialog.get_by_role("button", name="Submit").click()
    employee.page.get_by_role("button", name="Close").last.click()
    said = employee.messages().count()
    employee.press("Correct this answer")
    expect(employee.page.get_by_label("What should the answer have been?").last).to_have_value(
        "The monthly limit of a company card is 3,000 euros [1]. Oskar Wielgosz sets a higher one."
    )
    employee.fill("What should the answer have been?", "3,500 euros")
    employee.press("Send correction")
    employee.wait_for("The owner reads your correction")
    assert employee.messages().count() == said  # thanks stand in the button's place
    employee.picture(screens / "corrected.png")

    employee.say("my feedback")
    mine = employee.wait_for("Your feedback, 1 of 1")
    expect(mine.get_by_label("Comment")).to_have_value("That was last year.")
    employee.choose("What is wrong with it?", "It is out of date")
    employee.press("Save")
    employee.wait_for("✓ Saved.")
    employee.picture(screens / "my-feedback.png")
    owner.say("inbox")
    expect(owner.wait_for("inbox, 1 of 1")).to_contain_text("It is out of date")
    owner.picture(screens / "inbox-reason.png")
    employee.press("Take it back")
    employee.wait_for("✓ Taken back.")
    owner.say("inbox")
    owner.wait_for("Nothing waits for you.")


def test_drafts_and_summaries_of_pasted_text(chats: list[Chat], screens: Path, trouble: Path):
    employee, owner, admin = chats
    turn_to(employee, "Offer Writer")
    turn_to(owner, "Briefing")
    (trouble / "slow").touch()
    owner.paste(REPORT)
    employee.paste("Nine Tidewatch sensors for Rothmere, 2,160 euros, with installation. Valid for 30 days.")
    owner.wait_for("Reading part 2 of")
    owner.picture(screens / "summary-by-parts.png")
    (trouble / "slow").unlink()
    employee.wait_for("Offer Writer · release 1")
    employee.picture(screens / "draft.png")
    owner.wait_for("from the text you gave", timeout_s=240)
    owner.picture(screens / "summary.png")
    turn_to(admin, "Offer Writer")
    admin.say("Like https://brenvale.sharepoint.com/sites/sales/Shared%20Documents/offer.docx, for Ulm.")
    admin.wait_for("I find no document at")
    admin.picture(screens / "link.png")


def test_an_owner_has_an_agent_tuned_again_by_a_schedule(chats: list[Chat], screens: Path):
    owner = chats[1]
    owner.say("my agents")
    owner.wait_for("Your agents")
    owner.press("Manage")
    owner.choose("When is it tuned again?", "Every week")
    owner.choose("Every week: on which day?", "Friday")
    owner.fill("By a schedule: at what time?", "21:30")
    owner.press("Save")
    owner.wait_for("The next run is due on")
    owner.picture(screens / "schedule.png")


def test_in_a_group_the_bot_answers_who_mentions_it(chats: list[Chat], screens: Path):
    owner = chats[1]
    page = owner.page
    go_to(page, "Everybody")
    for text in ("agents", QUESTION):
        box = page.locator("[role=textbox][contenteditable=true]").last
        box.click()
        page.keyboard.type("@")
        somebody = page.get_by_text("Adaeze Nwosu").last  # in the list of those who can be mentioned
        somebody.locator("xpath=ancestor::*[.//text()='Attune'][1]").get_by_text("Attune", exact=True).click()
        page.keyboard.type(f" {text}")
        page.get_by_role("button", name="Send Message").click()
        if text == "agents":
            owner.press("Ask Travel Guide")
            owner.wait_for("You are talking to Travel Guide")
    owner.wait_for("3,000 euros")
    owner.picture(screens / "group.png")


def test_who_gets_no_answer_is_told_why_and_what_to_do(chats: list[Chat], screens: Path, trouble: Path):
    employee, _owner, admin = chats
    turn_to(employee, "Travel Guide")
    (trouble / "busy").touch()
    employee.say(QUESTION)
    employee.wait_for("Too many people are asking at once. Please try again in 30 seconds.")
    (trouble / "busy").rename(trouble / "down")
    employee.say(QUESTION)
    employee.wait_for("The engine that answers is not running at the moment.")
    (trouble / "down").unlink()
    admin.say("revoke Travel Guide Wrong numbers.")
    admin.wait_for("Wrong numbers.")
    employee.say(QUESTION)
    employee.wait_for("it has been taken back. Ask Mara Lindqvist, who owns it.")
    employee.picture(screens / "no-answer.png")
