"""Drafts as Word files: what Teams and a person's OneDrive see, in the shapes that Microsoft documents."""

import io
from datetime import timedelta

import docx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import select

from bot.activities import FILE_CONSENT, FILE_INFO
from bot.app import make_app
from tests.factories import keep, make_agent
from tuning.domain.audit import Tag
from tuning.domain.drafts import OFFERED_FOR, Draft, DraftState
from tuning.domain.prompts import Task
from tuning.store import agents, audit, conversations

TEXT = "# Offer for Rothmere\n\nNine sensors for 2,160 euros."
PUT = web.AppKey("put", list)
STATUS = web.AppKey("status", list)


@pytest.fixture
async def drive():
    """A person's OneDrive: what was put there, and how it answers."""
    app = web.Application()
    app[PUT], app[STATUS] = [], [201]

    async def take(request):
        status = request.app[STATUS][0]
        if status == web.HTTPTemporaryRedirect.status_code:
            raise web.HTTPTemporaryRedirect("http://127.0.0.1:9/elsewhere")
        request.app[PUT].append((request.headers["Content-Range"], await request.read()))
        return web.Response(status=status)

    app.add_routes([web.put("/upload", take)])
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
def ask(tenant, engine, chat):
    """Return how a person asks Ana's agent, which now writes drafts, and what comes after the text."""
    engine.says = lambda _request: TEXT
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.GENERATION, make_agent(task=Task.GENERATION).questionnaire
        session.add(agent)

    async def ask(person, wanted):
        with tenant.store.transaction() as session:
            conversations.start(session, person.chat_id, person.person_id, "agent")
        return await person.say("An offer for Rothmere.", wanted=wanted)

    return ask


def file_card(sent):
    files = [one for one in sent.activity.get("attachments", []) if one["contentType"] in {FILE_CONSENT, FILE_INFO}]
    return files[0] if files else None


def is_offer(sent):
    return (file_card(sent) or {}).get("contentType") == FILE_CONSENT


def draft_in(tenant):
    with tenant.store.reading() as session:
        return session.exec(select(Draft)).one()


@pytest.fixture
def decide(drive):
    """Return how a person presses a button of the offer, and what they see next."""

    async def decide(person, offer, action, url="", wanted=lambda _sent: True):
        card = file_card(offer)["content"]
        value = {"type": "fileUpload", "action": action, "context": card[f"{action}Context"]}
        if action == "accept":
            value["uploadInfo"] = {
                "contentUrl": "https://brenvale-my.sharepoint.com/personal/bo/Documents/Offer.docx",
                "name": "Offer for Rothmere.docx",
                "uploadUrl": url or str(drive.make_url("/upload")),
                "uniqueId": "1150D938-8870-4044-9F2C-5BBDEBA70C9D",
                "fileType": "docx",
            }
        after = person.loopback.latest(person.chat_id)
        invoke = person._activity("invoke", name="fileConsent/invoke", value=value, replyToId=offer.id)
        assert (await person.loopback.deliver(invoke))[0] == 200
        return await person.wait(wanted, after=after)

    return decide


async def test_a_draft_is_text_and_then_a_word_file_in_the_persons_onedrive(chat, ask, decide, *, drive, tenant, teams):
    bo = chat("bo")
    offer = await ask(bo, is_offer)
    texts = [sent.text for sent in teams.messages[bo.chat_id].values() if sent.number < offer.number]
    assert any("Nine sensors for 2,160 euros." in text for text in texts)
    draft = draft_in(tenant)
    assert file_card(offer) == {
        "contentType": FILE_CONSENT,
        "name": "Offer for Rothmere.docx",
        "content": {
            "description": "As a Word file, for your OneDrive.",
            "sizeInBytes": len(draft.content),
            "acceptContext": {"draft": draft.id},
            "declineContext": {"draft": draft.id},
        },
    }
    shown = await decide(bo, offer, "accept")
    assert shown.id == offer.id
    assert file_card(shown) == {
        "contentType": FILE_INFO,
        "contentUrl": "https://brenvale-my.sharepoint.com/personal/bo/Documents/Offer.docx",
        "name": "Offer for Rothmere.docx",
        "content": {"uniqueId": "1150D938-8870-4044-9F2C-5BBDEBA70C9D", "fileType": "docx"},
    }
    [(content_range, content)] = drive.app[PUT]
    assert content_range == f"bytes 0-{len(content) - 1}/{len(content)}"
    assert [one.text for one in docx.Document(io.BytesIO(content)).paragraphs] == [
        "Offer for Rothmere",
        "Nine sensors for 2,160 euros.",
    ]
    assert (draft_in(tenant).state, draft_in(tenant).content) == (DraftState.SAVED, b"")
    assert "is saved already" in (await decide(bo, offer, "accept")).text
    assert len(drive.app[PUT]) == 1


async def test_who_declines_gets_no_file_and_can_ask_again(chat, ask, decide, drive, tenant):
    bo = chat("bo")
    offer = await ask(bo, is_offer)
    shown = await decide(bo, offer, "decline")
    assert (shown.id, file_card(shown)) == (offer.id, None)
    assert "is not saved" in shown.text
    assert draft_in(tenant).content == b""
    assert "Ask for the draft again" in (await decide(bo, offer, "accept")).text
    assert drive.app[PUT] == []


async def test_a_draft_of_somebody_else_one_that_is_too_old_and_one_that_is_gone(chat, ask, decide, drive, tenant):
    bo, dee = chat("bo"), chat("dee")
    offer = await ask(bo, is_offer)
    assert "made for somebody else" in (await decide(dee, offer, "accept")).text
    draft = draft_in(tenant)
    keep(tenant.store, Draft(id="old", answer_id="old", **draft.model_dump(exclude={"id", "answer_id"})))
    with tenant.store.transaction() as session:
        for old in session.exec(select(Draft)).all():
            old.offered_at -= OFFERED_FOR + timedelta(minutes=1)
            session.add(old)
    assert "was kept for 7 days" in (await decide(bo, offer, "accept")).text
    with tenant.store.transaction() as session:
        for old in session.exec(select(Draft)).all():
            session.delete(old)
    assert "isn't kept any more" in (await decide(bo, offer, "accept")).text
    assert drive.app[PUT] == []
    with tenant.store.reading() as session:
        refused = [one for one in audit.chain(session) if one.tag == Tag.ACT_REFUSED]
    assert [(one.actor_id, one.subject_id, one.detail["code"]) for one in refused] == [
        ("dee", draft.id, "not_allowed"),
        ("bo", draft.id, "wrong_state"),
        ("bo", draft.id, "not_found"),
    ]


@pytest.mark.parametrize(
    ("status", "url"), [(500, ""), (307, ""), (201, "https://evil.example/upload"), (201, "http://127.0.0.1:9/upload")]
)
async def test_an_upload_that_fails_is_said_and_offered_again(chat, ask, decide, *, drive, tenant, status, url):
    bo = chat("bo")
    drive.app[STATUS][0] = status
    offer = await ask(bo, is_offer)
    again = await decide(bo, offer, "accept", url, wanted=is_offer)
    assert again.id != offer.id
    assert any("could not put the file" in sent.text for sent in bo.loopback.messages[bo.chat_id].values())
    assert [content for _, content in drive.app[PUT]] == ([draft_in(tenant).content] if status == 500 else [])
    drive.app[STATUS][0] = 200
    assert (await decide(bo, again, "accept")).id == again.id
    assert draft_in(tenant).state is DraftState.SAVED


async def test_the_offer_outlives_the_bot(chat, ask, decide, *, drive, teams, bot, settings, tenant):
    bo = chat("bo")
    offer = await ask(bo, is_offer)
    await bot.close()
    async with TestServer(make_app(settings, tenant)) as another:
        teams.bot_url = f"http://127.0.0.1:{another.port}"
        assert file_card(await decide(bo, offer, "accept"))["contentType"] == FILE_INFO
    assert len(drive.app[PUT]) == 1


async def test_in_a_group_the_text_is_all_there_is(chat, ask, tenant):
    await ask(chat("bo", "groupChat"), lambda sent: "Nine sensors" in sent.text)
    with tenant.store.reading() as session:
        assert session.exec(select(Draft)).all() == []


@pytest.mark.parametrize("value", [None, [], {}, {"action": "accept"}, {"action": "accept", "context": {"draft": 7}}])
async def test_a_consent_that_makes_no_sense_gets_a_sentence(chat, ask, teams, value):
    bo = chat("bo")
    assert (await teams.deliver(bo._activity("invoke", name="fileConsent/invoke", value=value)))[0] == 200
    assert "isn't kept any more" in (await bo.wait(lambda _sent: True)).text
