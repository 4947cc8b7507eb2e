"""Questions to an agent that searches SharePoint live, in the whole bot: with a token, without one, and in trouble."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import select

from bot import sign_in
from tests.factories import keep, make_document, make_source
from tests.fakes.microsoft365 import HOST, SITE, busy, granted, linked
from tests.integration.bot.signed_in import Teams, settings_of, sign_in_card, teams_with
from tuning.documents import live
from tuning.domain.conversations import Answer, Beyond
from tuning.domain.documents import DocumentPassage, SourceKind
from tuning.store import agents, conversations, documents

POLICIES = f"https://{HOST}{SITE}/Shared Documents/Policies"
QUESTION = "How many days of leave do I get?"
NOT_SIGNED_IN, NOT_ASKED = "as you are not signed in_", "as SharePoint could not be asked_"


@pytest.fixture
def agent(tenant, microsoft365):
    """An agent whose policies lie in SharePoint: what was synced is a day old there, and one file is Dee's alone."""
    microsoft365.items["root"].permissions = [linked("organization")]
    microsoft365.put("policies", "Policies")
    microsoft365.put("leave", "Leave.md", b"Leave is 31 days since today", parent="policies")
    microsoft365.put("plans", "Plans.md", b"Leave will be 40 days", parent="policies")
    microsoft365.share("plans", granted("dee"), inherits=False)
    keep(tenant.store, make_source(id="policies", kind=SourceKind.SHAREPOINT, location=POLICIES))
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.source_ids, agent.searches_live = ["source", "policies"], True
        session.add(agent)
        document = make_document("Leave", path="Leave.md", source_id="policies", url=f"{POLICIES}/Leave.md")
        documents.save(session, document)
        passage = DocumentPassage(document_id=document.id, position=0, text="Leave is 30 days.")
        documents.replace_passages(session, document.id, [passage])
        for chat_id in ("a-bo", "a-dee", "groupChat"):
            conversations.start(session, chat_id, "dee" if chat_id == "a-dee" else "bo", "agent")


@pytest.fixture
async def teams(microsoft365, engine, tenant, agent, monkeypatch) -> AsyncIterator[Teams]:
    engine.says = lambda _: "31 days [1]."
    async with teams_with(settings_of(microsoft365, engine.url), tenant, monkeypatch) as teams:
        yield teams


def is_answer(sent):
    return sent["type"] == "message" and "Travel · release 1" in sent.get("text", "")


async def ask(teams, person_id="bo", **how):
    after = len(teams.sent)
    await teams.say(person_id, QUESTION, **how)
    return await teams.until(is_answer, after=after)


def asked_for_tokens(teams):
    return [sent for _chat, sent in teams.sent if sign_in_card(sent) is not None]


async def test_answers_rest_on_what_sharepoint_holds_now(teams, microsoft365, engine, tenant):
    await teams.sign_in("bo", microsoft365)
    answer = await ask(teams)
    assert "Leave is 31 days since today" in engine.prompt()
    assert "Leave is 30 days" not in engine.prompt()
    assert "40 days" not in engine.prompt()
    assert answer["text"].endswith("_Travel · release 1 · from 1 source_")
    (entity,) = [one for one in answer["entities"] if one.get("@type") == "Message"]
    cited = entity["citation"][0]["appearance"]
    assert (cited["name"], cited["url"]) == ("Leave", f"{POLICIES}/Leave.md")
    assert cited["abstract"] == "Leave is 31 days since today"
    with tenant.store.reading() as session:
        assert session.exec(select(Answer.beyond)).one() == [Beyond.LIVE]


async def test_each_person_finds_their_own(teams, microsoft365, engine):
    for person_id in ("bo", "dee"):
        await teams.sign_in(person_id, microsoft365)
    await ask(teams, "dee")
    assert "40 days" in engine.prompt()
    await ask(teams, "bo")
    assert "40 days" not in engine.prompt()


async def test_who_is_not_signed_in_is_signed_in_before_anything_shows_and_the_question_waits(
    teams, microsoft365, engine
):
    await teams.say("bo", QUESTION)
    request = (await teams.asked())["tokenExchangeResource"]["id"]
    assert (await teams.hand_over("bo", request, microsoft365.sso_token("bo")))[0] == 200
    answer = await teams.until(is_answer)
    assert "31 days since today" in engine.prompt()
    assert NOT_SIGNED_IN not in answer["text"]
    kinds = [sent["type"] for _chat, sent in teams.sent]
    assert kinds[:2] == ["message", "typing"]  # Teams takes no other message within a stream


async def test_without_a_token_the_index_answers_with_one_quiet_line_and_teams_is_left_alone_for_a_while(
    teams, engine, monkeypatch
):
    monkeypatch.setattr(sign_in.SignIns, "_arrived", lambda *_: asyncio.sleep(0))
    answer = await ask(teams)
    assert "Leave is 30 days." in engine.prompt()
    assert answer["text"].endswith(NOT_SIGNED_IN)
    await ask(teams)
    assert len(asked_for_tokens(teams)) == 1


async def test_trouble_falls_back_to_the_index_and_tells_nothing(teams, microsoft365, engine, monkeypatch, caplog):
    monkeypatch.setattr(live, "TIMEOUT_S", 0.5)
    await teams.sign_in("bo", microsoft365)
    microsoft365.trouble["/search/query"] = [busy(429, seconds=60)]
    answer = await ask(teams)
    assert "Leave is 30 days." in engine.prompt()
    assert answer["text"].endswith(NOT_ASKED)
    assert "A live search was given up" in caplog.text
    assert QUESTION not in caplog.text


async def test_a_token_that_ends_meanwhile_is_asked_for_again(teams, microsoft365, engine):
    await teams.sign_in("bo", microsoft365)
    microsoft365.tokens.clear()  # as when a session is revoked in Entra
    assert (await ask(teams))["text"].endswith(NOT_ASKED)
    assert "Leave is 30 days." in engine.prompt()


async def test_in_a_group_a_token_is_used_and_never_asked_for(teams, microsoft365, engine):
    assert (await ask(teams, scope="groupChat"))["text"].endswith(NOT_SIGNED_IN)
    assert asked_for_tokens(teams) == []
    await teams.sign_in("bo", microsoft365)
    await ask(teams, scope="groupChat")
    assert "31 days since today" in engine.prompt()


async def test_an_agent_without_the_switch_asks_nobody(teams, tenant, microsoft365):
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.searches_live = False
        session.add(agent)
    answer = await ask(teams)
    assert answer["text"].endswith("from 1 source_")
    assert microsoft365.queries == []
    assert asked_for_tokens(teams) == []


async def test_where_nobody_signs_in_the_switch_only_makes_a_quiet_line(
    microsoft365, engine, tenant, agent, monkeypatch
):
    async with teams_with(settings_of(microsoft365, engine.url, sign_in=False), tenant, monkeypatch) as teams:
        engine.says = lambda _: "30 days [1]."
        assert (await ask(teams))["text"].endswith(NOT_SIGNED_IN)
        assert "Leave is 30 days." in engine.prompt()
        assert asked_for_tokens(teams) == []
