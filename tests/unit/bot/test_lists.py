"""Sixty of everything: every list that a command shows is small enough for Teams, and all of it can be reached."""

import json
import re
from datetime import timedelta

import pytest

from adaptive_cards.elements import MAX_BYTES
from adaptive_cards.verbs import Verb
from bot import digests
from bot.card_actions import HANDLERS
from bot.card_actions.press import Press
from bot.commands import COMMANDS
from bot.commands.grant import GRANT
from bot.loopback import default_inputs, find_action
from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source, make_tenant
from tests.fakes.turn import FakeTurn
from tuning.domain.conversations import Conversation
from tuning.domain.fields import now
from tuning.domain.grants import Grant, GrantState
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.domain.usage import DailyUse

MANY = 60
NAMES = {f"Agent {number:02} of a long name that fills its line" for number in range(MANY)}


@pytest.fixture
def tenant(store, tmp_path):
    """Ana owns sixty agents with a live release and a submitted one each, all of them used."""
    for number, name in enumerate(sorted(NAMES)):
        key = f"a{number:02}"
        keep(
            store,
            make_agent(
                id=key, name=name, description=f"{name}. " * 6, live_release_id=f"{key}live", audience=["staff"]
            ),
            *(make_run(id=f"{key}{stage}", agent_id=key, state=RunState.READY) for stage in ("live", "next")),
            make_release(id=f"{key}live", run_id=f"{key}live", agent_id=key, state=ReleaseState.LIVE, live_at=now()),
            make_release(
                id=f"{key}next",
                run_id=f"{key}next",
                agent_id=key,
                number=2,
                state=ReleaseState.SUBMITTED,
                submitted_at=now() + timedelta(seconds=number),
            ),
            DailyUse(
                day=now().date(), agent_id=key, release_id=f"{key}live", people=3, questions=9, answered=9, likes=2
            ),
            make_source(id=f"s{number:02}", name=f"Source {name}", location=key, sync_failures=1),
        )
    keep(store, make_document("Trips", source_id="s00"))
    return make_tenant(store, tmp_path)


async def said(tenant, text, person_id):
    """Send a command, and return the last card that comes."""
    turn = FakeTurn(text, person_id=person_id, chat_id="chat")
    command = next(one for one in COMMANDS if one.words == text)
    await command.run(tenant, turn, "")
    cards = [sent.card for sent in turn.sent if sent.card]
    assert all(len(json.dumps(card)) < MAX_BYTES for card in cards)
    return cards[-1]


def pages(tenant, card, person_id, title="Next"):
    """Turn the pages of a list to its end, and return them all."""
    found = [card]
    while len(found) <= MANY:
        try:
            action = find_action(found[-1], title)
        except LookupError:
            return found
        data = {**default_inputs(found[-1]), **action["data"]}
        outcome = HANDLERS[Verb(action["verb"])](tenant, Press(person_id=person_id, chat_id="chat", data=data))
        assert outcome.card is not None
        assert len(json.dumps(outcome.card)) < MAX_BYTES
        found.append(outcome.card)
    pytest.fail("The list has no end.")


@pytest.mark.parametrize(
    ("command", "person_id", "count"),
    [("agents", "bo", 6), ("my agents", "ana", 10), ("inventory", "cy", 6), ("approvals", "cy", 6), ("usage", "cy", 8)],
)
async def test_every_agent_can_be_reached(tenant, command, person_id, count):
    shown = pages(tenant, await said(tenant, command, person_id), person_id)
    assert len(shown) == count
    assert set(re.findall(r"Agent \d\d of a long name that fills its line", str(shown))) == NAMES


async def test_the_way_back_leads_to_the_first_page(tenant):
    shown = pages(tenant, await said(tenant, "my agents", "ana"), "ana")
    assert pages(tenant, shown[-1], "ana", "Previous")[-1] == shown[0]


async def test_a_case_of_the_list_opens(tenant):
    action = find_action(await said(tenant, "approvals", "cy"), "Look")
    outcome = HANDLERS[Verb(action["verb"])](tenant, Press(person_id="cy", chat_id="chat", data=action["data"]))
    assert find_action(outcome.card, "Approve")


async def test_every_grant_can_be_taken_back_and_every_request_decided_on(tenant):
    keep(
        tenant.store,
        *(Grant(id=f"g{number:02}", person_id=f"p{number:02}", state=GrantState.GRANTED) for number in range(MANY)),
        *(Grant(id=f"q{number:02}", person_id=f"q{number:02}", justification="Why not?") for number in range(MANY)),
    )
    turn = FakeTurn("grant", person_id="cy", chat_id="chat")
    await GRANT.run(tenant, turn, "")
    assert len(turn.sent) == 2
    asking, held = (pages(tenant, sent.card, "cy") for sent in turn.sent)
    assert set(re.findall(r"'grant_id': '(\w\d\d)'", str(asking))) == {f"q{number:02}" for number in range(MANY)}
    assert set(re.findall(r"'grant_id': '(\w\d\d)'", str(held))) == {f"g{number:02}" for number in range(MANY)}
    action = find_action(asking[-1], "Look")
    outcome = HANDLERS[Verb(action["verb"])](tenant, Press(person_id="cy", chat_id="chat", data=action["data"]))
    assert find_action(outcome.card, "Grant")


def test_every_notice_of_a_digest_can_be_opened(tenant):
    waited = [
        Notice(
            id=f"n{number:02}",
            kind=NoticeKind.SOURCE_FAILED,
            person_id="ana",
            subject_id="s00",
            state=NoticeState.SENT,
            is_held=True,
            digest_id="digest",
            created_at=now() + timedelta(seconds=number),
        )
        for number in range(MANY)
    ]
    keep(tenant.store, *waited)
    shown = pages(tenant, digests.digest(tenant, waited), "ana")
    assert set(re.findall(r"n\d\d", str(shown))) == {f"n{number:02}" for number in range(MANY)}
    assert "60 messages waited for you" in str(shown[-1])


def test_every_source_can_be_chosen_and_what_is_ticked_stays_ticked(tenant):
    opened = HANDLERS[Verb.WIZARD_OPEN](
        tenant, Press(person_id="ana", chat_id="chat", data={"agent_id": "a00", "step": "sources"})
    ).card
    assert opened is not None
    ticked = next(field for field in opened["body"] if field.get("id") == "sources")
    ticked["value"] = "s59"
    shown = pages(tenant, opened, "ana", "More sources")
    choices = [field for card in shown for field in card["body"] if field.get("id") == "sources"]
    assert {choice["value"] for field in choices for choice in field["choices"]} == {
        f"s{one:02}" for one in range(MANY)
    }
    assert choices[-1]["value"] == "s59"
    assert choices[-1]["choices"][0]["value"] == "s59"


async def test_the_agents_are_told_which_one_answers_now(tenant):
    keep(tenant.store, Conversation(chat_id="chat", person_id="bo", agent_id="a59"))
    last = pages(tenant, await said(tenant, "agents", "bo"), "bo")[-1]
    assert "(now)" in str(last)
