import pytest

from bot.commands import COMMANDS
from bot.commands.command import find, nearest
from tests.factories import make_tenant
from tests.fakes.turn import FakeTurn


@pytest.fixture
def tenant(store, tmp_path):
    return make_tenant(store, tmp_path)


@pytest.mark.parametrize(
    ("text", "words", "rest"),
    [
        ("help", "help", ""),
        ("  My   Agents ", "my agents", ""),
        ("approve xkrdbbbb", "approve", "xkrdbbbb"),
        ("reject xkrdbbbb too  early", "reject", "xkrdbbbb too early"),
        ("revoke Travel Helper wrong prices", "revoke", "Travel Helper wrong prices"),
        ("approvals", "approvals", ""),
        ("audit xkrdbbbb", "audit", "xkrdbbbb"),
        ("usage", "usage", ""),
        ('usage "Travel Helper"', "usage", '"Travel Helper"'),
        ("policy Tuning off", "policy", "Tuning off"),
        ("policy runs 5", "policy", "runs 5"),
        ("grant Bo for good", "grant", "Bo for good"),
    ],
)
def test_a_message_that_begins_with_a_command_is_one(text, words, rest):
    found = find(COMMANDS, text)
    assert found is not None
    assert (found[0].words, found[1]) == (words, rest)


@pytest.mark.parametrize(
    "text",
    [
        "new hires get what?",
        "help me with travel",
        "agents who sell",
        "approver rules",
        "audit rules for trips?",
        "",
        "inbox rules?",
        "usage of the car park?",
        "grant rules for research?",
        "policy runs on what?",
        "policy documents for 2 travellers",
    ],
)
def test_a_question_that_begins_like_a_command_is_a_question(text):
    assert find(COMMANDS, text) is None


@pytest.mark.parametrize(("text", "words"), [("aprove xkrdbbbb", "approve"), ("hlep", "help"), ("agent", "agents")])
def test_a_slip_is_recognised(text, words):
    near = nearest(COMMANDS, text)
    assert near is not None
    assert near.words == words


@pytest.mark.parametrize("text", ["improve my draft", "approval rules for trips", "How do I book?", "", "no", "travel"])
def test_a_question_is_no_slip(text):
    assert nearest(COMMANDS, text) is None


@pytest.mark.parametrize(
    ("person_id", "sees"),
    [
        ("bo", {"agents", "new", "my agents", "create agent", "inbox", "help"}),
        ("gus", {"agents", "new", "request access", "help"}),
        ("cy", {command.words for command in COMMANDS} - {"request access"}),
    ],
)
async def test_help_lists_only_what_a_person_may_do(tenant, person_id, sees):
    turn = FakeTurn("help", person_id=person_id)
    found = find(COMMANDS, "help")
    assert found is not None
    await found[0].run(tenant, turn, "")
    assert {command.words for command in COMMANDS if f"**{command.usage}**" in turn.said} == sees


async def test_every_command_has_a_line_in_help():
    assert all(command.says and command.usage.startswith(command.words) for command in COMMANDS)
