"""The whole loop by hand: three people, each at the real Playground in the real Chromium, against one `attune up`.

Pictures of it go to the folder of `--screens`, else to a temporary one.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import Chat

AGENT = "Travel Guide"
QUESTION = "What is the monthly limit of a company card?"
CORRECTION = "3,500 euros"
RUN_S = 1800.0


@pytest.mark.timeout(3000)
def test_an_agent_is_made_asked_corrected_retrained_and_asked_again(chats: list[Chat], screens: Path):
    employee, owner, admin = chats

    # The owner makes an agent.
    owner.say("create agent")
    owner.wait_for("1 of 5")
    owner.fill("Name", AGENT)
    owner.fill("What is it for?", "Answers questions about travelling for Brenvale.")
    owner.picture(screens / "create-agent.png")
    owner.press("Next")
    owner.wait_for("2 of 5")
    owner.fill("What do the documents contain?", "Policies and guides about business travel.")
    owner.fill("How are they organised?", "One document per topic, in short sections.")
    owner.fill("Instructions", "Answer in a few words.")
    owner.press("Next")
    owner.wait_for("3 of 5")
    owner.tick(re.compile("travel", re.IGNORECASE))
    owner.press("Next")
    owner.wait_for("4 of 5")
    owner.fill("Search groups and people", "All Staff")
    owner.press("Search")
    owner.tick("All Staff (group)")
    owner.press("Next")
    review = owner.wait_for("5 of 5")
    expect(review).to_contain_text("left out")  # the executives' travel rules are not for everybody
    owner.picture(screens / "review.png")
    owner.press("Start tuning")
    owner.wait_for(f"Tuning {AGENT}")
    tuned_and_approved(owner, admin, screens, release="release 1")

    # An employee asks, and corrects.
    employee.say("agents")
    employee.press(f"Ask {AGENT}")
    before = employee.ask(QUESTION)
    assert CORRECTION not in before
    employee.picture(screens / "answer.png")
    employee.press("Correct this answer")
    employee.fill("What should the answer have been?", CORRECTION)
    employee.press("Send correction")
    employee.wait_for("The owner reads your correction")

    # The owner accepts and retrains; the admin approves.
    owner.say("inbox")
    inbox = owner.wait_for("inbox, 1 of 1")
    expect(inbox.get_by_label("Question")).to_have_value(QUESTION)
    expect(inbox.get_by_label("What the answer should be")).to_have_value(CORRECTION)
    owner.picture(screens / "inbox.png")
    owner.press("Accept")
    owner.wait_for("1 correction accepted")
    owner.press("Retrain now")
    tuned_and_approved(owner, admin, screens, release="release 2")

    # The employee gets the new answer.
    employee.say("new")
    after = employee.ask(QUESTION)
    employee.picture(screens / "conversation.png")
    assert CORRECTION in after


def tuned_and_approved(owner: Chat, admin: Chat, screens: Path, *, release: str) -> None:
    """Wait for the run's end, submit the release as its owner, and approve it as the admin."""
    owner.wait_for(f"{AGENT}: {release} is ready", timeout_s=RUN_S)
    owner.picture(screens / f"evaluation-{release[-1]}.png")
    owner.press("Submit")
    admin.wait_for(f"{AGENT}, {release}: may it go live?")
    admin.picture(screens / f"approval-{release[-1]}.png")
    admin.press("Approve")
    admin.wait_for("It answers its audience now")


def test_every_person_is_told_what_they_may_do(chats: list[Chat]):
    for chat in chats:
        chat.say("help")
        chat.wait_for("agents")
    expect(chats[2].messages().filter(has_text="approvals").last).to_be_visible()
    expect(chats[0].messages().filter(has_text="approvals")).to_have_count(0)


def test_an_admin_changes_the_policy_and_grants_access_to_whom_it_shut_out(chats: list[Chat], screens: Path):
    employee, _owner, admin = chats
    admin.say("policy")
    admin.wait_for("Agents per owner")
    admin.fill("Runs in 24 hours", "many")
    admin.tick("Attune Admins (group)", lists_before=1)  # who makes agents; the data owners come after them
    admin.press("Save")
    admin.wait_for("Nothing was saved")
    admin.page.get_by_text("Type a whole number from 1 to 10,000.").last.scroll_into_view_if_needed()
    admin.picture(screens / "policy-wrong.png")
    admin.fill("Runs in 24 hours", "30")
    admin.press("Save")
    admin.wait_for("✓ Saved.")
    admin.picture(screens / "policy.png")

    employee.say("create agent")
    employee.wait_for("You may not make agents")
    employee.say("request access")
    employee.fill("What do you need it for?", "An agent for the questions of new colleagues.")
    employee.picture(screens / "request-access.png")
    employee.press("Ask the admins")
    admin.wait_for("asks to make and tune agents")
    admin.picture(screens / "access-request.png")
    admin.press("Grant")
    admin.wait_for("may make and tune agents for one run")
    employee.wait_for("granted it for one run")
    employee.say("create agent")
    employee.wait_for("1 of 5")
