"""Files sent along with a message: from where they are fetched, and what is said about those that can't be read."""

import io

import docx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from docx.enum.style import WD_STYLE_TYPE
from reportlab.pdfgen.canvas import Canvas
from sqlmodel import select

from bot import wizard_views
from bot.activities import FILE_DOWNLOAD
from bot.attachments import MAX_BYTES
from tests.factories import keep, make_agent
from tests.integration.bot.test_chat import until
from tuning.documents.extraction import Extractor
from tuning.domain.conversations import Answer, Beyond
from tuning.domain.documents import SourceKind
from tuning.domain.drafts import Draft
from tuning.domain.jobs import Job, JobKind
from tuning.domain.policy import Policy
from tuning.domain.prompts import Task
from tuning.store import agents, conversations, documents
from tuning.worker.sources import sync_source

SERVED = web.AppKey("served", dict)
SENT = web.AppKey("sent", list)
PIECE = b"All trips are booked by rail.\n" * 35_000
HUGE = 50 * 2**20


def pdf_without_text() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.save()
    return target.getvalue()


def word(text: str, style: str = "") -> bytes:
    target = io.BytesIO()
    document = docx.Document()
    if style:
        document.styles.add_style(style, WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph(text, style=style or None)
    document.save(target)
    return target.getvalue()


@pytest.fixture
async def drive():
    """Where Teams keeps files: what was put there, and a text of 50 MB."""
    app = web.Application()
    app[SERVED], app[SENT] = {}, []

    async def serve(request):
        name = request.match_info["name"]
        if name == "elsewhere.md":
            raise web.HTTPFound("http://169.254.169.254/secrets.md")
        if name != "huge.txt":
            return web.Response(body=request.app[SERVED][name])
        response = web.StreamResponse()
        await response.prepare(request)
        while sum(request.app[SENT]) < HUGE:
            await response.write(PIECE)
            request.app[SENT].append(len(PIECE))
        return response

    app.add_routes([web.get("/{name}", serve)])
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
def send(chat, tenant, drive):
    """Return how Bo sends a file along with a message, once an agent has been picked."""
    bo = chat("bo")
    with tenant.store.transaction() as session:
        conversations.start(session, bo.chat_id, "bo", "agent")

    async def send(name, content=b"", text="", url=None, **others):
        files = []
        for title, body in {name: content, **{other.replace("_", "."): body for other, body in others.items()}}.items():
            drive.app[SERVED][title] = body
            where = {"downloadUrl": url or str(drive.make_url(f"/{title}"))}
            files.append({"contentType": FILE_DOWNLOAD, "name": title, "content": where})
        after = bo.loopback.latest(bo.chat_id)
        await bo.loopback.deliver(bo._activity("message", text=text, attachments=files))
        return await bo.wait(lambda sent: True, after=after)

    return send


async def test_the_text_of_a_file_is_read_with_the_message(send, engine, tenant):
    assert "\n\n_" in (await send("trip.docx", word("A trip to Ulm takes two days."), text="How do I book this?")).text
    assert engine.prompt().endswith("How do I book this?\n\nA trip to Ulm takes two days.")
    with tenant.store.reading() as session:
        assert session.exec(select(Answer.beyond)).one() == [Beyond.FILE]


async def test_a_name_may_be_longer_than_the_disk_allows(send, engine):
    await send(f"{'旅' * 95}.docx", word("A trip to Ulm takes two days."), text="How do I book this?")
    assert engine.prompt().endswith("A trip to Ulm takes two days.")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (("report.docx", b"PK\x03\x04 is no zip"), "The file is damaged"),
        (("scan.pdf", pdf_without_text()), "It is a scan"),
        (("nothing.md", b""), "The file is empty."),
        (("elsewhere.md", b""), "I could not fetch 'elsewhere.md'"),
        (("long.md", b"x" * 100_000), "takes 4,000"),
        (("photo.jpg", b"GIF"), "I can't use 'photo.jpg'. It is a picture, and text in pictures can't be read"),
        (("old.doc", b"old"), "save it as .docx and it will be. I can read .aspx, .csv, .docx,"),
        (("tool.exe", b"MZ"), "Files of the type '.exe' can't be read; these can: .aspx, .csv, .docx"),
    ],
)
async def test_a_file_that_cannot_be_used_gets_one_sentence_and_the_next_question_an_answer(
    send, chat, engine, file, says
):
    assert says in (await send(*file)).text
    assert not engine.asked
    assert "\n\n_" in (await chat("bo").say("How do I book a trip?", wanted=lambda sent: "\n\n_" in sent.text)).text


async def test_of_a_file_of_50_mb_no_more_is_fetched_than_may_be_read(send, drive, engine):
    assert "'huge.txt' is larger than 20 MB" in (await send("huge.txt")).text
    assert sum(drive.app[SENT]) < MAX_BYTES + 16 * 2**20  # what was on its way when the bot hung up
    assert not engine.asked


@pytest.mark.parametrize("url", ["https://evil.example/a.md", "http://x.sharepoint.com/a.md", "file:///etc/passwd"])
async def test_files_are_fetched_only_from_where_teams_keeps_them(send, engine, url):
    assert "I can't fetch 'a.md' from where it is" in (await send("a.md", url=url)).text
    assert not engine.asked


@pytest.fixture
def drafting(tenant):
    """Let Ana's agent write drafts, and return the style of the newest one's first paragraph, once there is one."""
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.GENERATION, make_agent(task=Task.GENERATION).questionnaire

    def drafts():
        with tenant.store.reading() as session:
            return session.exec(select(Draft)).all()

    async def style():
        await until(drafts)
        (draft,) = drafts()
        first = docx.Document(io.BytesIO(draft.content)).paragraphs[0].style
        return first.name if first else None

    return style


async def test_a_draft_takes_form_and_styles_of_the_word_file_sent_along(send, engine, drafting):
    sent = await send("offer.docx", word("An offer has a price.", "Letter"), "For Rothmere.", notes_md=b"Nine sensors.")
    assert engine.prompt() == "Precedent:\nAn offer has a price.\n\nBrief:\nFor Rothmere.\n\nNine sensors."
    assert "in the form of 'offer.docx'" in sent.text
    assert await drafting() == "Letter"


async def test_a_picture_pasted_into_a_brief_is_refused_with_what_is_accepted(chat, tenant, engine, drafting):
    bo = chat("bo")
    with tenant.store.transaction() as session:
        conversations.start(session, bo.chat_id, "bo", "agent")
    picture = {
        "contentType": "image/*",
        "contentUrl": "https://smba.trafficmanager.net/amer/v3/attachments/1/views/original",
    }
    await bo.loopback.deliver(bo._activity("message", text="Like this.", attachments=[picture]))
    said = (await bo.wait(lambda sent: True)).text
    assert said.startswith("I can't use 'picture.png'. It is a picture")
    assert ".docx" in said
    assert not engine.asked


async def test_a_summary_of_several_files_is_read_in_chat_and_offered_as_a_document(
    send, engine, chat, tenant, drafting
):
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.task, agent.questionnaire = Task.SUMMARY, make_agent(task=Task.SUMMARY).questionnaire
    said = await send("review.docx", word("Rothmere bought nine sensors."), notes_md=b"Ulm bought none.")
    assert engine.prompt() == "Document:\nRothmere bought nine sensors.\n\nUlm bought none."
    assert said.text.endswith("from the text you gave_")
    await drafting()
    with tenant.store.reading() as session:
        assert session.exec(select(Draft)).one().name == "Summary of review.docx"


async def test_what_is_uploaded_is_a_source_that_its_person_alone_learns_from(send, chat, tenant):
    with tenant.store.reading() as session:
        assert documents.source_at(session, SourceKind.UPLOAD, "bo") is None
    notes = {"Travel_md": b"# Travel\n\nTaxis are paid back.", "More_txt": b"Ferries are not."}
    assert "Attach the files" in (await chat("bo").say("upload")).text
    said = await send("notes.md", b"# Notes\n\nLunch is at noon.", text="Upload", **notes)
    assert "✓ Kept: 'notes.md', 'Travel.md', 'More.txt'. Choose 'Uploads of Bo'" in said.text
    said = await send("notes.md", b"# Notes\n\nLunch is at one.", text="upload")
    with tenant.store.reading() as session:
        source = documents.source_at(session, SourceKind.UPLOAD, "bo")
        assert source is not None
        waiting = session.exec(select(Job).where(Job.kind == JobKind.SOURCE_SYNC))
        assert [job.subject_id for job in waiting] == [source.id]
    with Extractor() as extractor:
        sync_source(tenant, source.id, extractor)
    with tenant.store.reading() as session:
        held = documents.of_sources(session, [source.id])
        assert {(one.path, tuple(one.readers)) for one in held} == {
            (name, ("bo",)) for name in ("notes.md", "Travel.md", "More.txt")
        }
        ids = [one.id for one in held if one.path == "notes.md"]
        assert [it.text for it in documents.passages(session, ids)] == ["Lunch is at one."]
    for who, sees in (("bo", True), ("ana", False)):
        agent = make_agent(id=f"of{who}", owner_id=who)
        assert ("Uploads of Bo" in str(wizard_views.sources(tenant, agent))) == sees


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tool.exe", "Files of the type '.exe'"),
        (".md", "Files of"),
        (f"{'x' * 260}.md", "not a name for a document"),
    ],
)
async def test_what_can_not_be_learned_from_is_not_kept(send, tenant, name, says):
    assert says in (await send(name, b"x", text="upload")).text
    assert not [path for path in tenant.uploads.rglob("*") if path.is_file()]


async def test_who_may_make_no_agents_uploads_nothing(send, tenant, drive):
    keep(tenant.store, Policy(maker_ids=["ana"]))
    assert "make" in (await send("notes.md", b"Lunch is at noon.", text="upload")).text
    assert not [path for path in tenant.uploads.rglob("*") if path.is_file()]
