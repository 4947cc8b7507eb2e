"""Links to files that no sync has read: opened as the person, in the tenant's SharePoint, and nowhere else."""

import io
from collections.abc import AsyncIterator

import docx
import pytest
from sqlmodel import select

from tests.factories import make_agent
from tests.fakes.microsoft365 import granted, linked
from tests.integration.bot.signed_in import Teams, settings_of, teams_with
from tuning.domain.conversations import Answer, Beyond
from tuning.domain.prompts import Task
from tuning.store import agents, conversations

SHARED = "https://brenvale.sharepoint.com/:w:/s/sales/EabcDEF123?e=4xyz"
NOTES = "https://brenvale-my.sharepoint.com/:t:/p/mara/Enotes"
NOT_FOUND = "I find no document at {} that you may read. Check the address, attach the file, or paste its text."


def word(text):
    document, target = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(target)
    return target.getvalue()


@pytest.fixture
async def teams(microsoft365, engine, tenant, monkeypatch) -> AsyncIterator[Teams]:
    """An agent that writes drafts; in SharePoint an offer for all, notes for Bo, margins for Dee."""
    microsoft365.put("offer", "Offer.docx", word("An offer has a price."))
    microsoft365.put("notes", "Notes.md", b"Nine sensors for Rothmere.")
    microsoft365.put("margins", "Margins.md", b"We earn 40 %.")
    microsoft365.put("photo", "Photo.png", b"x")
    microsoft365.put("folder", "Folder")
    microsoft365.share("offer", linked("organization"))
    microsoft365.share("notes", granted("bo"))
    microsoft365.share("margins", granted("dee"))
    for item_id in ("photo", "folder"):
        microsoft365.share(item_id, linked("organization"))
    microsoft365.links = {SHARED: "offer", NOTES: "notes"}
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.GENERATION, make_agent(task=Task.GENERATION).questionnaire
        session.add(agent)
        for person_id in ("bo", "dee"):
            conversations.start(session, f"a-{person_id}", person_id, "agent")
    async with teams_with(settings_of(microsoft365, engine.url), tenant, monkeypatch) as teams:
        yield teams


async def ask(teams, text, person_id="bo"):
    after = len(teams.sent)
    await teams.say(person_id, text)
    return (await teams.until(lambda sent: sent["type"] == "message" and sent.get("text"), after=after))["text"]


async def test_precedent_and_content_are_read_from_where_links_lead(teams, microsoft365, engine, tenant):
    await teams.sign_in("bo", microsoft365)
    said = await ask(teams, f"Like {SHARED} with {NOTES}.")
    brief = "Like 'Offer' with 'Notes'.\n\nNine sensors for Rothmere."
    assert engine.prompt() == f"Precedent:\nAn offer has a price.\n\nBrief:\n{brief}"
    assert "in the form of 'Offer.docx'" in said
    with tenant.store.reading() as session:
        assert session.exec(select(Answer.shown, Answer.beyond)).one() == ([], [Beyond.LINK])


async def test_the_address_of_a_file_is_as_good(teams, microsoft365, engine):
    await teams.sign_in("bo", microsoft365)
    await ask(teams, microsoft365.address(microsoft365.items["notes"]))
    assert engine.prompt().endswith("Brief:\nNine sensors for Rothmere.")


@pytest.mark.parametrize("item_id", ["margins", "folder", "nothing"])
async def test_what_the_person_may_not_read_is_as_if_it_did_not_exist(teams, microsoft365, engine, item_id):
    await teams.sign_in("bo", microsoft365)
    link = f"https://brenvale.sharepoint.com/:u:/s/sales/{item_id}"
    microsoft365.links[link] = item_id
    assert await ask(teams, f"An offer after {link}") == NOT_FOUND.format(link)
    assert not engine.asked


async def test_files_that_nobody_reads_here_are_named_with_what_is_wrong(teams, microsoft365, engine):
    await teams.sign_in("bo", microsoft365)
    microsoft365.links[SHARED] = "photo"
    assert (await ask(teams, f"An offer after {SHARED}")).startswith("I can't use 'Photo.png'.")


@pytest.mark.parametrize(
    "link",
    [
        "https://another.sharepoint.com/:w:/s/sales/E1",
        "https://evil-my.sharepoint.com/:w:/p/x/E1",
        "https://brenvale.sharepoint.com:8443/:w:/s/sales/E1",
        "https://me@brenvale.sharepoint.com/:w:/s/sales/E1",
        "http://brenvale.sharepoint.com/:w:/s/sales/E1",
    ],
)
async def test_links_to_elsewhere_are_not_even_named_to_microsoft(teams, microsoft365, engine, link):
    await teams.sign_in("bo", microsoft365)
    assert await ask(teams, f"An offer after {link}") == NOT_FOUND.format(link)
    assert microsoft365.followed == []
    assert not engine.asked


async def test_who_is_not_signed_in_reads_what_to_do(teams, microsoft365, engine):
    await teams.say("bo", f"An offer after {SHARED}")
    request = (await teams.asked())["tokenExchangeResource"]["id"]
    assert (await teams.hand_over("bo", request, microsoft365.sso_token("dee")))[0] == 412
    said = await teams.until(lambda sent: "Send me **sign in**" in sent.get("text", ""))
    assert said["type"] == "message"
    assert not engine.asked


async def test_where_nobody_signs_in_it_is_as_before(microsoft365, engine, tenant, teams, monkeypatch):
    settings = settings_of(microsoft365, engine.url, sign_in=False)
    async with teams_with(settings, tenant, monkeypatch) as others:
        assert await ask(others, f"An offer after {SHARED}") == NOT_FOUND.format(SHARED)
    assert microsoft365.followed == []
