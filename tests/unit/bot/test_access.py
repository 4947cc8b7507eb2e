"""Access asked for and granted in chat: the form, the notice to admins, and the command."""

from dataclasses import replace

import pytest

from bot import notices
from bot.card_actions import access
from bot.card_actions.press import Press
from bot.commands.create_agent import CREATE_AGENT
from bot.commands.grant import GRANT
from bot.commands.request_access import REQUEST_ACCESS
from tests.factories import keep, make_tenant
from tests.fakes.people import FakePeople
from tests.fakes.turn import FakeTurn
from tuning.domain.errors import InvalidInput, NotAllowed
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.policy import Policy
from tuning.governance import grants


@pytest.fixture
def tenant(store, tmp_path):
    keep(store, Policy(maker_ids=["leads"], tuner_ids=["leads"]))
    return make_tenant(store, tmp_path)


def pressed(person_id, **data):
    return Press(person_id=person_id, chat_id="chat", data=data)


async def test_who_is_refused_is_told_how_to_ask_and_an_admin_decides_on_the_card(tenant):
    turn = FakeTurn(person_id="bo")
    with pytest.raises(NotAllowed, match="Send 'request access'"):
        await CREATE_AGENT.run(tenant, turn, "")
    await REQUEST_ACCESS.run(tenant, turn, "")
    assert "What do you need it for?" in str(turn.sent[0].card)
    assert "Say what you need it for" in str(access.ask(tenant, pressed("bo", justification="")).card)
    assert "with the admins" in str(access.ask(tenant, pressed("bo", justification="For travel.")).card)

    (grant_id,) = {one.id for one in grants.page(tenant, "cy")}
    notice = notices.message(tenant, Notice(kind=NoticeKind.ACCESS_ASKED, person_id="cy", subject_id=grant_id))
    assert notice
    assert "Bo asks to make and tune agents" in str(notice.card)
    assert "For travel." in str(notice.card)
    wrong = access.grant(tenant, pressed("cy", grant_id=grant_id, term="forever"))
    assert "Say for how long" in str(wrong.card)
    assert "for one run" in str(access.grant(tenant, pressed("cy", grant_id=grant_id, term="once")).card)
    news = notices.message(tenant, Notice(kind=NoticeKind.ACCESS_DECIDED, person_id="bo", subject_id=grant_id))
    assert news
    assert "Cy granted it for one run" in str(news.card)
    await CREATE_AGENT.run(tenant, turn, "")
    assert "1 of 5" in str(turn.sent[-1].card)


@pytest.mark.parametrize(
    ("rest", "says"), [("Bo for 3 days", "until"), ("bo once", "for one run"), ("bo for good", "for good")]
)
async def test_the_command_grants_at_once_and_lists_what_is_in_force(tenant, rest, says):
    turn = FakeTurn(person_id="cy")
    await GRANT.run(tenant, turn, rest)
    assert says in str(turn.sent[0].card)
    await GRANT.run(tenant, turn, "")
    card = turn.sent[-1].card
    assert card
    (ends,) = [node for node in card["body"] if node["type"] == "ActionSet"]
    ended = access.take_back(tenant, pressed("dee", **ends["actions"][0]["data"]))
    assert "Ended: Bo" in str(ended.card)


@pytest.mark.parametrize("rest", ["bo@example.com for 2 weeks", "bo@example.com forever"])
async def test_a_term_that_the_command_does_not_know_is_said(tenant, rest):
    with pytest.raises(InvalidInput, match="Say for how long"):
        await GRANT.run(tenant, FakeTurn(person_id="cy"), rest)


async def test_the_command_guesses_no_person(tenant):
    with pytest.raises(InvalidInput, match="Nobody by that name"):
        await GRANT.run(tenant, FakeTurn(person_id="cy"), "Zoe once")
    people = FakePeople(people=["bob", "bobby", "bobo", "cy"], groups={"admins": ["cy"]})
    tenant = replace(tenant, people=people)
    with pytest.raises(InvalidInput, match=r"several people: Bob \(bob@example.com\), Bobby"):
        await GRANT.run(tenant, FakeTurn(person_id="cy"), "bo once")
    await GRANT.run(tenant, turn := FakeTurn(person_id="cy"), "bob once")
    assert "Granted: Bob" in str(turn.sent[0].card)
