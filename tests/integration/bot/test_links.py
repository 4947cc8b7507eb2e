"""Links in a brief: to documents that the person may read, to those they may not, and to anywhere else."""

import docx
import pytest
from sqlmodel import select

from tests.factories import as_synced, make_agent, make_document
from tests.integration.bot.test_durability import all_done
from tuning.documents.addresses import addresses_in
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer
from tuning.domain.documents import Document
from tuning.domain.drafts import Draft
from tuning.domain.prompts import Task
from tuning.domain.rooms import Room, room_of
from tuning.store import agents, audit, conversations, documents

SITE = "https://brenvale.sharepoint.com/sites/sales"
OFFER = (
    f"{SITE}/_layouts/15/Doc.aspx?sourcedoc=%7BC8CAD9EF-47D1-4C9A-8C5A-2C1E3CF6E37B%7D&file=offer.docx&action=default"
)
NOTES = f"{SITE}/Shared%20Documents/Rothmere%20notes.md"
SECRET = f"{SITE}/Shared%20Documents/Margins.md"


@pytest.fixture
async def ask(tenant, chat):
    """Return how Bo asks Ana's agent, which writes drafts, about documents that stand in SharePoint.

    What comes after the text is waited for in the end: Teams doesn't go while the bot has something to say.
    """
    folder = tenant.folder / "documents/travel"
    folder.mkdir(parents=True)
    word = docx.Document()
    word.add_paragraph("An offer has a price.")
    word.save(str(folder / "offer.docx"))
    (folder / "notes.md").write_text("Nine sensors for Rothmere.")
    (folder / "margins.md").write_text("We earn 40 %.")
    with tenant.store.transaction() as session:
        for title, path, url, readers in (
            ("Offer", "offer.docx", OFFER, ["staff"]),
            ("Notes", "notes.md", NOTES, ["organisation"]),
            ("Margins", "margins.md", SECRET, ["leads"]),
        ):
            documents.save(session, make_document(title, readers, path=path, url=url, **as_synced(folder / path)))
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.GENERATION, make_agent(task=Task.GENERATION).questionnaire
        session.add(agent)

    async def ask(text, person_id="bo"):
        person = chat(person_id)
        with tenant.store.transaction() as session:
            conversations.start(session, person.chat_id, person_id, "agent")
        return (await person.say(text, wanted=lambda sent: bool(sent.text))).text

    yield ask
    await all_done(tenant)


@pytest.mark.parametrize(
    "offer",
    [
        OFFER,
        f"{SITE}/_layouts/15/Doc.aspx?sourcedoc={{c8cad9ef-47d1-4c9a-8c5a-2c1e3cf6e37b}}&web=1",
        OFFER.replace(".com/sites", ".com/:w:/r/sites"),
    ],
)
async def test_precedent_and_content_are_read_from_where_links_lead(ask, engine, tenant, offer):
    path = "%2Fsites%2Fsales%2FShared%20Documents%2FRothmere%20notes.md"
    listed = f"{SITE}/Shared%20Documents/Forms/AllItems.aspx?id={path}"
    said = await ask(f"Like {offer} with {listed}.")
    brief = "Like 'Offer' with 'Notes'.\n\nNine sensors for Rothmere."
    assert engine.prompt() == f"Precedent:\nAn offer has a price.\n\nBrief:\n{brief}"
    assert "in the form of 'offer.docx'" in said
    with tenant.store.reading() as session:
        titles = {one.id: one.title for one in session.exec(select(Document))}
        shown, beyond = session.exec(select(Answer.shown, Answer.beyond)).one()
    assert ({titles[document_id] for document_id in shown}, beyond) == ({"Offer", "Notes"}, [])


@pytest.mark.parametrize("link", [SECRET, f"{SITE}/Shared%20Documents/Nothing.md", f"{SITE}"])
async def test_what_the_person_may_not_read_is_as_if_it_did_not_exist(ask, engine, tenant, link):
    said = await ask(f"An offer after {link}")
    assert said == (
        f"I find no document at {link} that you may read. Check the address, attach the file, or paste its text."
    )
    assert not engine.asked
    with tenant.store.reading() as session:
        assert session.exec(select(Draft)).all() == []
        assert [event.tag for event in audit.events(session, "")][-1:] == [Tag.ACT_REFUSED]


async def test_what_was_replaced_since_the_last_sync_is_not_read_by_the_access_list_of_what_was_there(
    ask, engine, tenant
):
    (tenant.folder / "documents/travel/notes.md").write_text("For leads alone: we lose Rothmere.")
    said = await ask(f"An offer after {NOTES}")
    assert said == (
        f"I find no document at {NOTES} that you may read. Check the address, attach the file, or paste its text."
    )
    assert not engine.asked


async def test_in_a_bound_channel_links_of_the_first_message_are_read_too(ask, chat, tenant, engine):
    cy = chat("cy", "channel")
    with tenant.store.transaction() as session:
        session.add(Room(id=room_of(cy.chat_id), agent_id="agent"))
    assert (await cy.say(f"Like {OFFER} for {NOTES}", wanted=lambda sent: bool(sent.text))).text
    assert "Nine sensors for Rothmere." in engine.prompt()


async def test_a_link_alone_is_the_content(ask, engine):
    await ask(NOTES)
    assert engine.prompt().endswith("Brief:\nNine sensors for Rothmere.")


async def test_who_may_read_it_can_link_to_it(ask, engine):
    await ask(f"An offer after {SECRET}", "dee")
    assert "We earn 40 %." in engine.prompt()


async def test_links_to_elsewhere_are_words_and_never_opened(ask, engine):
    await ask("An offer for http://169.254.169.254/latest and https://sharepoint.com.evil.example/a.docx")
    assert engine.prompt().endswith("for http://169.254.169.254/latest and https://sharepoint.com.evil.example/a.docx")
    engine.asked.clear()
    assert await ask("https://evil.example/a.docx") == (
        "I only open links to documents in SharePoint or OneDrive. Attach the file, or paste its text."
    )
    assert not engine.asked


async def test_a_question_may_hold_any_link(ask, engine, tenant):
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.QUESTIONS, make_agent().questionnaire
        session.add(agent)
    await ask(f"What is at {SECRET}?")
    assert engine.prompt().endswith(f"Question: What is at {SECRET}?")


def test_addresses_end_where_the_sentence_goes_on():
    assert addresses_in("See (https://a.example/b), <https://c.example/d?e=1>. And https://a.example/b!") == [
        "https://a.example/b",
        "https://c.example/d?e=1",
    ]
