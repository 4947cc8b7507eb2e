"""Files sent along with a message: from where they are fetched, and what is said about those that can't be read."""

import io

import docx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from reportlab.pdfgen.canvas import Canvas

from bot.activities import FILE_DOWNLOAD
from bot.attachments import MAX_BYTES
from tuning.store import conversations

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


def word(text: str) -> bytes:
    target = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
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

    async def send(name, content=b"", text="", url=None):
        drive.app[SERVED][name] = content
        url = url or str(drive.make_url(f"/{name}"))
        file = {"contentType": FILE_DOWNLOAD, "name": name, "content": {"downloadUrl": url}}
        after = bo.loopback.latest(bo.chat_id)
        await bo.loopback.deliver(bo._activity("message", text=text, attachments=[file]))
        return await bo.wait(lambda sent: True, after=after)

    return send


async def test_the_text_of_a_file_is_read_with_the_message(send, engine):
    assert "\n\n_" in (await send("trip.docx", word("A trip to Ulm takes two days."), text="How do I book this?")).text
    assert engine.prompt().endswith("How do I book this?\n\nA trip to Ulm takes two days.")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (("report.docx", b"PK\x03\x04 is no zip"), "The file is damaged"),
        (("scan.pdf", pdf_without_text()), "It is a scan"),
        (("nothing.md", b""), "The file is empty."),
        (("elsewhere.md", b""), "I could not fetch 'elsewhere.md'"),
        (("long.md", b"x" * 100_000), "takes 4,000"),
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
