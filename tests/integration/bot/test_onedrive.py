"""Drafts in groups and channels: a card offers them, and they go into the OneDrive of who asked, as that person."""

import io
from collections.abc import AsyncIterator

import docx
import pytest
from sqlmodel import select

from bot.activities import ADAPTIVE_CARD
from bot.loopback import find_action, texts
from tests.factories import make_agent
from tests.fakes.microsoft365 import Microsoft365, error
from tests.integration.bot.signed_in import Teams, settings_of, sign_in_card, teams_with
from tuning.domain.drafts import Draft, DraftState
from tuning.domain.prompts import Task
from tuning.sources.graph import onedrive
from tuning.sources.graph.delegation import Delegations
from tuning.store import agents, conversations

NAME = "Attune/Offer for Rothmere.docx"


@pytest.fixture
def agent(tenant, engine):
    """An agent that writes drafts, in a group with Bo."""
    engine.says = lambda _: "# Offer for Rothmere\n\nNine sensors."
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.GENERATION, make_agent(task=Task.GENERATION).questionnaire
        session.add(agent)
        conversations.start(session, "groupChat", "bo", "agent")


@pytest.fixture
async def teams(microsoft365, engine, tenant, agent, monkeypatch) -> AsyncIterator[Teams]:
    async with teams_with(settings_of(microsoft365, engine.url), tenant, monkeypatch) as teams:
        yield teams


def card_of(activity):
    return next(
        (one["content"] for one in activity.get("attachments", []) if one["contentType"] == ADAPTIVE_CARD), None
    )


def is_offer(sent):
    return "Save to my OneDrive" in str(card_of(sent))


@pytest.fixture
async def offer(teams):
    """What a draft in the group is offered by."""
    await teams.say("bo", "An offer for Rothmere.", scope="groupChat")
    return card_of(await teams.until(is_offer))


async def press(teams, offer, person_id="bo"):
    action = find_action(offer, "Save to my OneDrive")
    value = {"action": {"type": "Action.Execute", "verb": action["verb"], "data": action["data"]}}
    status, body = await teams.post(person_id, "invoke", name="adaptiveCard/action", value=value, scope="groupChat")
    assert status == 200
    return body["value"]


def draft_in(tenant):
    with tenant.store.reading() as session:
        return session.exec(select(Draft)).one()


def words(content):
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]


async def test_a_draft_goes_into_the_onedrive_of_who_asked_once(teams, microsoft365, tenant, offer):
    await teams.sign_in("bo", microsoft365)
    saved = await press(teams, offer)
    assert texts(saved) == ["✓ Offer for Rothmere.docx is saved, in OneDrive, in the folder Attune."]
    assert saved["actions"][0]["url"].startswith("https://brenvale-my.sharepoint.com/personal/bo/")
    assert words(microsoft365.drives["bo"][NAME]) == ["Offer for Rothmere", "Nine sensors."]
    assert draft_in(tenant).state is DraftState.SAVED
    assert "is saved already" in await press(teams, offer)
    assert list(microsoft365.drives["bo"]) == [NAME]


async def test_nothing_is_put_in_the_place_of_another_file(teams, microsoft365, offer):
    microsoft365.drives["bo"] = {NAME: b"mine"}
    await teams.sign_in("bo", microsoft365)
    assert "Offer for Rothmere 1.docx" in texts(await press(teams, offer))[0]
    assert microsoft365.drives["bo"][NAME] == b"mine"


async def test_nobody_else_saves_it(teams, microsoft365, tenant, offer):
    await teams.sign_in("dee", microsoft365)
    assert "made for somebody else" in await press(teams, offer, "dee")
    assert microsoft365.drives == {}
    assert draft_in(tenant).state is DraftState.OFFERED


async def test_who_is_not_signed_in_is_asked_in_private_and_finds_the_file_there(teams, microsoft365, offer):
    await teams.say("bo", "help")  # now the bot knows Bo's own chat
    await teams.until(lambda sent: "- **help**" in sent.get("text", ""))
    assert (await press(teams, offer)).startswith("Teams signs you in, in our personal chat")
    request = (await teams.asked())["tokenExchangeResource"]["id"]
    assert [chat for chat, sent in teams.sent if sign_in_card(sent)] == ["a-bo"]
    assert (await teams.hand_over("bo", request, microsoft365.sso_token("bo")))[0] == 200
    done = await teams.until(lambda sent: "is saved, in OneDrive" in str(card_of(sent)))
    assert done["conversation"]["id"] == "a-bo"
    assert list(microsoft365.drives["bo"]) == [NAME]


async def test_who_has_never_written_alone_is_told_to(teams, microsoft365, offer):
    assert (await press(teams, offer)).startswith("Write to me in our personal chat once")
    assert microsoft365.drives == {}


async def test_what_microsoft_refuses_is_a_sentence_and_the_button_works_again(teams, microsoft365, offer):
    microsoft365.consented = {"Files.Read.All"}
    await teams.sign_in("bo", microsoft365)
    assert "an admin has to consent" in await press(teams, offer)
    microsoft365.consented = {"Files.ReadWrite"}
    await teams.sign_in("bo", microsoft365)
    microsoft365.tokens.clear()
    assert "can't act for you" in await press(teams, offer)
    await teams.sign_in("bo", microsoft365)

    async def none(_request):
        return error(404, "ResourceNotFound", "User's mysite not found.")

    microsoft365.trouble["/me/drive"] = [none]
    assert "You have no OneDrive yet" in await press(teams, offer)
    assert texts(await press(teams, offer))


async def test_where_nobody_signs_in_the_draft_says_where_it_comes_as_a_file(
    microsoft365, engine, tenant, agent, monkeypatch
):
    async with teams_with(settings_of(microsoft365, engine.url, sign_in=False), tenant, monkeypatch) as teams:
        await teams.say("bo", "An offer for Rothmere.", scope="groupChat")
        said = await teams.until(lambda sent: "Nine sensors" in sent.get("text", ""))
        assert said["text"].endswith("as a file in our personal chat only_")
        await teams.say("bo", "help", scope="groupChat")
        await teams.until(lambda sent: "- **help**" in sent.get("text", ""))
        assert not [sent for _chat, sent in teams.sent if is_offer(sent)]


def test_large_files_go_in_pieces_that_add_up(microsoft365: Microsoft365):
    delegations = Delegations(microsoft365.registration())
    delegations.take("bo", microsoft365.sso_token("bo"))
    content = bytes(range(256)) * (2 * onedrive.PIECE // 256) + b"end"
    graph = delegations.graph("bo")
    saved = graph.answer(onedrive.save(graph, "Large & more.docx", content))
    delegations.close()
    assert saved.name == "Large & more.docx"
    assert microsoft365.drives["bo"]["Attune/Large & more.docx"] == content
