import pytest

from bot.commands import COMMANDS
from bot.commands.command import find, nearest
from tests.factories import keep, make_agent, make_release, make_tenant
from tests.fakes.turn import FakeTurn
from tuning.domain.audit import Tag
from tuning.store import audit


@pytest.fixture
def tenant(store, tmp_path):
    return make_tenant(store, tmp_path)


@pytest.fixture
def travel(tenant):
    """Agents named like things that people ask about."""
    keep(
        tenant.store,
        make_agent(),
        make_agent(id="helper", name="Travel Helper", live_release_id="release"),
        make_release(id="release"),
    )
    with tenant.store.transaction() as session:
        audit.record(session, Tag.POLICY_CHANGED, "cy", "policy")
    return tenant


def meant(tenant, person_id, text):
    """Return the command that a person's message is, and what follows its words."""
    found = find(COMMANDS, text)
    return (found[0].words, found[1]) if found and found[0].is_meant(tenant, person_id, found[1]) else None


@pytest.mark.parametrize(
    ("text", "words", "rest"),
    [
        ("help", "help", ""),
        ("agents travel H", "agents", "travel H"),
        ("  My   Agents ", "my agents", ""),
        ("approve xkrdbbbb", "approve", "xkrdbbbb"),
        ("approve release canary 10", "approve", "release canary 10"),
        ("reject xkrdbbbb too  early", "reject", "xkrdbbbb too early"),
        ("revoke Travel Helper wrong prices", "revoke", "Travel Helper wrong prices"),
        ("revoke Travle wrong prices", "revoke", "Travle wrong prices"),
        ('retire "Travel Helper"', "retire", '"Travel Helper"'),
        ("pause Travel Helper", "pause", "Travel Helper"),
        ("resume travel", "resume", "travel"),
        ("cancel Travel Helper", "cancel", "Travel Helper"),
        ("cancel agent", "cancel", "agent"),
        ("delete xkrdbbbb", "delete", "xkrdbbbb"),
        ("delete travel", "delete", "travel"),
        ("hand over Travel Helper to Bo", "hand over", "Travel Helper to Bo"),
        ("rollback travel 2", "rollback", "travel 2"),
        ("canary Travel", "canary", "Travel"),
        ("canary Travel Helper: 50 %", "canary", "Travel Helper: 50 %"),
        ("canary agent all", "canary", "agent all"),
        ("approvals", "approvals", ""),
        ("audit xkrdbbbb", "audit", "xkrdbbbb"),
        ("audit policy", "audit", "policy"),
        ("usage", "usage", ""),
        ('usage "Travel Helper"', "usage", '"Travel Helper"'),
        ("policy Tuning off", "policy", "Tuning off"),
        ("policy runs 5", "policy", "runs 5"),
        ("grant Bo for good", "grant", "Bo for good"),
        ("grant somebody@example.com 7 days", "grant", "somebody@example.com 7 days"),
        ("whois Bo", "whois", "Bo"),
    ],
)
def test_a_message_with_what_a_command_takes_is_one(travel, text, words, rest):
    assert meant(travel, "cy", text) == (words, rest)


@pytest.mark.parametrize("person_id", ["bo", "cy"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "agents who sell",
        "approve my holiday",
        "approve holidays",
        "approver rules",
        "approvals for a trip over 1,000 euros",
        "audit rules for trips?",
        "audit trips",
        "canary islands",
        "Canary Islands 10 days",
        "canary Travel to Lisbon",
        "canary wharf all",
        "cancel my booking",
        "cancel Travel to Lisbon",
        "cancel xkrdbbbb and refund it",
        "delete a trip",
        "delete travel expenses",
        "grant applications take 30 days",
        "grant rules for research?",
        "hand over Travel documents to my boss",
        "hand over Travel to Lisbon",
        "help me with travel",
        "pause between meetings",
        "resume of Travel",
        "inbox rules?",
        "inventory of laptops",
        "my agents in Lisbon",
        "new hires get what?",
        "new laptop",
        "policy documents for 2 travellers",
        "policy for travel?",
        "policy on smoking off site",
        "policy runs on what?",
        "reject an invoice",
        "request access to the gym",
        "retire early",
        "revoke my badge",
        "rollback of a booking",
        "usage of the gym",
        "usage travel expenses",
        "usage policy",
        "whois responsible for trips?",
    ],
)
def test_a_sentence_that_begins_like_a_command_is_a_question(travel, person_id, text):
    assert meant(travel, person_id, text) is None


def test_an_agents_name_is_a_word_like_others_to_who_has_nothing_to_do_with_it(travel):
    assert meant(travel, "bo", "revoke travel cards of leavers") is None
    assert meant(travel, "ana", "revoke travel cards of leavers") is not None
    assert meant(travel, "bo", "revoke helper") is not None  # its id


@pytest.mark.parametrize(("text", "words"), [("aprove xkrdbbbb", "approve"), ("hlep", "help"), ("agent", "agents")])
def test_a_slip_is_recognised(text, words):
    near = nearest(COMMANDS, text)
    assert near is not None
    assert near.words == words


@pytest.mark.parametrize("text", ["improve my draft", "approval rules for trips", "How do I book?", "", "no", "travel"])
def test_a_question_is_no_slip(text):
    assert nearest(COMMANDS, text) is None


OF_OWNERS = {"pause", "resume", "consent", "bind", "report"}


@pytest.mark.parametrize(
    ("person_id", "sees"),
    [
        ("bo", {"agents", "new", "my feedback", "my agents", "create agent", "upload", "inbox", "notices", "help"}),
        ("gus", {"agents", "new", "my feedback", "request access", "notices", "help"}),
        ("cy", {command.words for command in COMMANDS} - {"request access", "sign in"} - OF_OWNERS),
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
