"""Answers, between a chat in memory and an engine on loopback."""

import asyncio
import io
import threading
from dataclasses import replace
from itertools import pairwise

import aiohttp
import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from sqlmodel import col, select

from bot.answering import CUT, Answering
from bot.engine import Engine
from bot.files import ABOUT, Files
from bot.turn import FileOffer, Scope
from tests.factories import as_synced, keep, make_agent, make_document, make_release, make_run, make_source, make_tenant
from tests.fakes.engine import FakeEngine
from tests.fakes.turn import FakeTurn
from tuning.domain.audit import Tag
from tuning.domain.conversations import Answer, Beyond
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.documents import Document, DocumentPassage
from tuning.domain.drafts import Draft
from tuning.domain.feedback import Feedback
from tuning.domain.fields import now
from tuning.domain.policy import Policy
from tuning.domain.prompts import Task
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.sources.errors import DirectoryUnreadable
from tuning.store import agents, audit, conversations, documents, releases


@pytest.fixture
async def engine():
    async with FakeEngine() as engine:
        yield engine


@pytest.fixture
async def answering(engine, tenant):
    client = Engine(engine.url, retry_pause_s=0.0, busy_patience_s=0.0)
    async with aiohttp.ClientSession() as session:
        yield Answering(tenant, client, Files(tenant, session, is_loopback_allowed=True))
    await client.close()


@pytest.fixture
def tenant(store, tmp_path):
    return make_tenant(store, tmp_path)


def begin(store, **agent):
    """Put Ana's agent into the store, live, and let Bo have picked it."""
    keep(
        store,
        make_agent(live_release_id="release", **agent),
        make_run(dataset_id="dataset"),
        make_release(state=ReleaseState.LIVE),
        make_source(location="pairs"),
    )
    with store.transaction() as session:
        conversations.start(session, "chat", "bo", "agent")


def add(store, title, text, readers=("organisation",), **values):
    with store.transaction() as session:
        document = make_document(title, readers, **values)
        documents.save(session, document)
        passage = DocumentPassage(document_id=document.id, position=0, text=text)
        documents.replace_passages(session, document.id, [passage])


async def test_without_passages_the_weights_alone_answer(answering, engine, store):
    begin(store)
    engine.says = lambda _: "Under 600 km [1] by rail [7]."
    turn = FakeTurn("How long by rail?")
    assert await answering.answer(turn, "How long by rail?")
    assert engine.prompt() == "Question: How long by rail?"
    assert turn.said == "Under 600 km by rail.\n\n_Travel · release 1 · from what it learned_"
    assert turn.sent[0].citations == []


def learn(store, *asked, made_by="list"):
    """Let the release have learned answers of document 'Trips'."""
    examples = [
        Example(
            dataset_id="dataset",
            split=Split.TRAIN,
            origin=Origin.WRITTEN,
            completion=f"{answer} [1]",
            document_id=documents_by_title(store)["Trips"],
            detail={"made_by": made_by, "asked": question, "answer": answer},
        )
        for question, answer in asked
    ]
    keep(store, *examples)


def documents_by_title(store):
    with store.reading() as session:
        return {one.title: one.id for one in session.exec(select(Document))}


def suggested(turn):
    return [one["selectAction"]["title"] for one in turn.sent[-1].card["body"] if "selectAction" in one]


async def test_questions_to_ask_next_are_of_the_documents_shown_and_new(answering, engine, store):
    begin(store)
    keep(store, Dataset(id="dataset", agent_id="agent"))
    add(store, "Trips", "Trips are booked by rail. The agency is Wayfare. Rooms cost 90 euros at most.")
    learn(store, ("How are trips booked?", "by rail"), ("Which agency books?", "Wayfare"), ("Who books?", "Wayfare"))
    learn(store, ("Rooms cost at most ...?", "90 euros"), made_by="gap")
    turn = FakeTurn("How do I book trips?")
    await answering.answer(turn, "How do I book trips?")
    assert suggested(turn) == ["Which agency books?"]
    again = FakeTurn("which agency books", activity_id="second")
    await answering.answer(again, "which agency books")
    assert "Which agency books?" not in suggested(again)
    in_group = FakeTurn("How do I book trips?", activity_id="third", scope=Scope.GROUP)
    await answering.answer(in_group, "How do I book trips?")
    assert suggested(in_group) == []


class SlowTeams(FakeTurn):
    """A chat in which Teams answers the informative line only once a search has begun."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.has_begun = threading.Event()
        self.informed_before: list[str] = []

    def note_search(self, _text: str) -> None:
        self.informed_before = list(self.informed)
        self.has_begun.set()

    async def inform(self, text: str) -> None:
        await super().inform(text)
        assert await asyncio.to_thread(self.has_begun.wait, 10)


async def test_people_read_that_a_search_begins_before_it_does_and_it_does_not_wait_for_teams(engine, tenant, store):
    begin(store)
    turn, client = SlowTeams("How long by rail?"), Engine(engine.url, retry_pause_s=0.0)
    tenant = replace(tenant, encode=turn.note_search)
    async with aiohttp.ClientSession() as session:
        answering = Answering(tenant, client, Files(tenant, session, is_loopback_allowed=True))
        await answering.answer(turn, "How long by rail?")
    await client.close()
    assert turn.informed_before == ["Looking through the documents ..."]
    assert turn.sent[0].is_answer


async def test_a_search_that_fails_becomes_the_answer(answering, engine, tenant, store):
    begin(store)
    turn = FakeTurn("How long by rail?")

    def fail(_text):
        raise DirectoryUnreadable

    broken = Answering(replace(tenant, encode=fail), answering._engine, answering._files)
    await broken.answer(turn, "How long by rail?")
    assert turn.said == DirectoryUnreadable().sentence
    assert not engine.asked


async def test_text_grows_while_the_engine_writes(answering, engine, store):
    begin(store)
    turn = FakeTurn()
    await answering.answer(turn, "How?")
    assert turn.chunks[0] == "Trips "
    assert turn.chunks[-1].startswith(turn.chunks[-2])


async def test_a_stopped_answer_is_kept_as_stopped(answering, engine, store):
    begin(store)
    await answering.answer(FakeTurn(stops_after=2), "How?")
    with store.reading() as session:
        kept = conversations.answer_to(session, "chat", "bo", "in")
    assert kept is not None
    assert (kept.is_stopped, kept.activity_id) == (True, "")


def switch_off(store):
    keep(store, Policy(is_answering=False))


def take_back(store):
    with store.transaction() as session:
        agents.get(session, "agent").live_release_id = None


def suspend(store):
    with store.transaction() as session:
        releases.get(session, "release").state = ReleaseState.SUSPENDED


@pytest.mark.parametrize(
    ("decide", "says"),
    [
        (switch_off, "switched"),
        (take_back, "has been taken back"),
        (suspend, "was taken back while it answered"),
    ],
)
async def test_a_decision_stops_the_answer_that_is_being_written(answering, engine, store, decide, says):
    begin(store)
    engine.says = lambda _: "word " * 1000
    engine.pause_s = 0.01
    turn = FakeTurn("How?")
    asked = asyncio.create_task(answering.answer(turn, "How?"))
    while not turn.chunks:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    decide(store)
    said = len(turn.chunks)
    await asked
    assert says in turn.said
    assert not turn.sent[0].is_answer
    assert len(turn.chunks) - said < 500
    with store.reading() as session:
        assert [event.actor_id for event in audit.events(session, "release")] == ["bo"]


async def test_a_decision_late_in_an_answer_stops_it_too(answering, engine, store):
    begin(store)
    engine.says = lambda _: "word " * 1000
    engine.pause_s = 0.01
    turn = FakeTurn("How?")
    asked = asyncio.create_task(answering.answer(turn, "How?"))
    while len(turn.chunks) < 60:  # noqa: ASYNC110 - nobody tells; it has been checked before
        await asyncio.sleep(0.01)
    with store.transaction() as session:
        releases.get(session, "release").state = ReleaseState.REVOKED
        audit.record(session, Tag.RELEASE_REVOKED, "admin", "release")
    said = len(turn.chunks)
    await asked
    assert "taken back while it answered" in turn.said
    assert len(turn.chunks) - said < 200


async def test_what_is_not_in_the_documents_is_said_with_who_may_know(answering, engine, store):
    begin(store)
    engine.says = lambda _: "The documents don't say."
    turn = FakeTurn("How?")
    await answering.answer(turn, "How?")
    sorry, footer = turn.said.split("\n\n")
    assert sorry.startswith("The documents that you may read don't say.")
    assert sorry.endswith("ask Ana, who owns 'Travel'.")
    assert footer == "_Travel · release 1 · nothing found_"
    with store.reading() as session:
        kept = conversations.answer_to(session, "chat", "bo", "in")
    assert kept is not None
    assert (kept.text, kept.is_declined) == ("The documents don't say.", True)


def shut_out(store):
    with store.transaction() as session:
        releases.get(session, "release").audience = ["leads"]


@pytest.mark.parametrize(
    ("decide", "says"),
    [
        (shut_out, "you are not in its audience. Ask Ana, who owns it, or send 'agents'"),
        (take_back, "'Travel' doesn't answer at the moment: it has been taken back. Ask Ana, who owns it."),
        (switch_off, "the admins of your organisation have switched answers off"),
    ],
)
async def test_who_may_not_ask_is_told_whom_to_turn_to(answering, engine, store, decide, says):
    begin(store)
    decide(store)
    turn = FakeTurn("How?")
    await answering.answer(turn, "How?")
    assert says in turn.said
    assert not engine.asked


@pytest.mark.parametrize(("status", "says"), [(429, "Too many people"), (503, "Too many people"), (500, "not running")])
async def test_an_engine_that_cannot_answer_gets_a_sentence_without_a_label(answering, engine, store, status, says):
    begin(store)
    engine.status = status
    turn = FakeTurn()
    await answering.answer(turn, "How?")
    assert says in turn.said
    assert not turn.sent[0].is_answer


async def test_an_answer_that_a_crash_of_the_engine_cut_is_begun_anew_once(answering, engine, store):
    begin(store)
    engine.cuts = [2, 1]
    turn = FakeTurn("How?")
    assert await answering.answer(turn, "How?")
    assert "not running" in turn.said
    engine.cuts = [2]
    turn = FakeTurn("How?", activity_id="another")
    assert await answering.answer(turn, "How?")
    assert turn.said.startswith("Trips are booked by rail")


async def test_a_text_that_is_too_long_to_summarise_gets_a_sentence(answering, engine, store):
    begin(store, task=Task.SUMMARY)
    turn = FakeTurn()
    await answering.answer(turn, "word " * 80_000)
    assert "takes 300,000" in turn.said


async def test_a_long_text_is_summarised_by_parts_and_says_how_far_it_is(answering, engine, store):
    begin(store, task=Task.SUMMARY)
    engine.longest = 400
    engine.says = lambda request: request["messages"][-1]["content"].split()[-1]
    turn = FakeTurn()
    await answering.answer(turn, "\n\n".join(f"{'word ' * 30}End{number}." for number in range(8)))
    read = [one["messages"][-1]["content"] for one in engine.asked]
    assert read[-1] == "Document:\nEnd1.\n\nEnd3.\n\nEnd5.\n\nEnd7."
    assert all(len(prompt) <= engine.longest for prompt in read)
    assert turn.said == "End7.\n\n_Travel · release 1 · from the text you gave_"
    assert turn.informed == ["Reading ...", *(f"Reading part {number} of 4 ..." for number in (2, 3, 4))]
    assert turn.chunks == ["End7. "]


async def test_a_text_whose_summaries_are_no_shorter_is_called_too_long(answering, engine, store):
    begin(store, task=Task.SUMMARY)
    engine.longest = 400
    engine.says = lambda _: "word " * 200
    turn = FakeTurn()
    await answering.answer(turn, "word " * 200)
    assert "too long" in turn.said
    assert not turn.sent[0].is_answer


async def test_an_answer_has_what_it_and_the_earlier_ones_that_it_remembers_were_made_of(answering, engine, store):
    begin(store)
    add(store, "Trips", "Trips are booked by rail.")
    ids = documents_by_title(store)
    for number, text in enumerate(("How are trips booked?", "Say that again, please?", "Thanks.")):
        if number == 2:
            with store.transaction() as session:
                first = session.exec(select(Answer).where(Answer.question == "How are trips booked?")).one()
                first.shown = None  # as if it came from before that was noted
                said = Feedback(agent_id="agent", answer_id=first.id, person_id="bo", question="", correction="No.")
                session.add(said)
        await answering.answer(FakeTurn(text, activity_id=str(number)), text)
        assert len(engine.asked[-1]["messages"]) == 2 + 2 * number
    with store.reading() as session:
        found = session.exec(select(Answer.question, Answer.shown, Answer.beyond).order_by(col(Answer.asked_at))).all()
    assert [tuple(one) for one in found] == [
        ("How are trips booked?", None, []),
        ("Say that again, please?", [ids["Trips"]], []),
        ("Thanks.", [ids["Trips"]], [Beyond.UNNOTED, Beyond.WORDS]),
    ]


async def test_nobody_to_ask_is_said_by_the_caller(answering, store):
    assert not await answering.answer(FakeTurn(), "How?")


async def test_a_summary_is_of_the_text_given(answering, engine, store):
    begin(store, task=Task.SUMMARY)
    engine.says = lambda _: "Short."
    turn = FakeTurn()
    await answering.answer(turn, "A long report.")
    assert engine.prompt() == "Document:\nA long report."
    assert turn.said == "Short.\n\n_Travel · release 1 · from the text you gave_"


async def test_a_draft_takes_the_form_of_the_nearest_precedent_that_the_person_may_read(
    answering, engine, store, tmp_path
):
    begin(store, task=Task.GENERATION)
    folder = tmp_path / "pairs"
    folder.mkdir()
    for name, readers, brief in (
        ("lease", ["organisation"], "Rent an office in Ulm."),
        ("salary", ["leads"], "Raise the salary of Ulm's engineers."),
        ("loan", ["organisation"], "Borrow money from a bank."),
    ):
        word = docx.Document()
        word.styles.add_style(f"{name} style", WD_STYLE_TYPE.PARAGRAPH)
        word.add_heading(f"The {name} form")
        word.add_paragraph(f"In the form of a {name}.", style=f"{name} style")
        word.save(str(folder / f"{name}.docx"))
        synced = as_synced(folder / f"{name}.docx")
        add(store, f"{name} form", f"The {name} form.", readers, id=name, path=f"{name}.docx", **synced)
        add(store, f"{name} brief", brief, readers, id=f"{name}-brief", path=f"{name}-brief.md")
        example = Example(
            dataset_id="dataset",
            split=Split.TRAIN,
            origin=Origin.PAIR,
            completion="-",
            document_id=name,
            detail={"precedent": f"{name}.docx", "content": f"{name}-brief.md", "target": f"{name}-target.md"},
        )
        keep(store, example)
    keep(store, Dataset(id="dataset", agent_id="agent"))
    turn = FakeTurn()
    await answering.answer(turn, "Raise the rent of the office in Ulm.")
    assert engine.prompt().startswith("Precedent:\n# The lease form")
    assert engine.prompt().endswith("Brief:\nRaise the rent of the office in Ulm.")
    assert "in the form of 'lease form'" in turn.sent[0].text
    with store.reading() as session:
        draft = session.exec(select(Draft)).one()
    assert turn.sent[1].file == FileOffer(
        draft_id=draft.id, name="Trips are booked by rail.docx", size=len(draft.content), about=ABOUT
    )
    style = docx.Document(io.BytesIO(draft.content)).paragraphs[0].style
    assert style is not None
    assert style.name == "lease style"
    with store.reading() as session:
        assert session.exec(select(Answer.shown, Answer.beyond)).one() == (["lease"], [])


def with_precedent(store, tmp_path, text):
    """Let the agent draft in the form of a precedent."""
    begin(store, task=Task.GENERATION)
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "lease.md").write_text(text)
    add(store, "Lease form", "A lease.", id="lease", path="lease.md", **as_synced(tmp_path / "pairs" / "lease.md"))
    pair = {"precedent": "lease.md", "content": "lease-brief.md", "target": "lease-target.md"}
    keep(
        store,
        Dataset(id="dataset", agent_id="agent"),
        Example(
            dataset_id="dataset",
            split=Split.TRAIN,
            origin=Origin.PAIR,
            completion="-",
            document_id="lease",
            detail=pair,
        ),
    )


async def test_a_precedent_has_no_secrets_and_is_as_it_was_synced(answering, engine, store, tmp_path):
    with_precedent(store, tmp_path, "Rent goes to DE89370400440532013000.")
    await answering.answer(FakeTurn(), "A lease in Ulm.")
    assert engine.prompt().startswith("Precedent:\nRent goes to [")
    assert "DE89" not in engine.prompt()
    (tmp_path / "pairs" / "lease.md").write_text("Rent, for leads alone.")
    await answering.answer(FakeTurn(activity_id="another"), "A lease in Ulm.")
    assert engine.prompt() == "Precedent:\n\n\nBrief:\nA lease in Ulm."


async def test_where_access_lists_are_too_old_there_is_no_precedent(answering, engine, store, tmp_path):
    with_precedent(store, tmp_path, "Rent is paid monthly.")
    with store.transaction() as session:
        documents.get_source(session, "source").readable_until = now()
    await answering.answer(FakeTurn(), "A lease in Ulm.")
    assert engine.prompt() == "Precedent:\n\n\nBrief:\nA lease in Ulm."


async def test_a_long_precedent_is_drafted_part_by_part_and_as_one_document(answering, engine, store, tmp_path):
    clauses = [f"Clause {number}. {'word ' * 400}End{number}." for number in range(6)]
    with_precedent(store, tmp_path, "\n\n".join(clauses))
    engine.says = lambda request: f"New {request['messages'][-1]['content'].split('.')[0].split()[-1]}."
    turn = FakeTurn()
    await answering.answer(turn, "A lease in Ulm.")
    read = [one["messages"][-1]["content"] for one in engine.asked]
    assert len(read) == 6  # two clauses are a little longer than a model drafts at once
    assert all(prompt.endswith("Brief:\nA lease in Ulm.") for prompt in read)
    assert all(any(clause in prompt for prompt in read) for clause in clauses)
    drafted = turn.sent[0].text.split("\n\n_")[0]
    assert [line.strip() for line in drafted.split("\n\n")] == [engine.says(one).strip() for one in engine.asked]
    assert all(later.startswith(earlier) for earlier, later in pairwise(turn.chunks))


async def test_what_does_not_fit_is_drafted_in_smaller_parts(answering, engine, store, tmp_path):
    with_precedent(store, tmp_path, "\n\n".join(f"Clause {number}. {'word ' * 30}" for number in range(8)))
    engine.longest = 500
    await answering.answer(FakeTurn(), "A lease in Ulm.")
    assert len(engine.asked) > 2
    turn = FakeTurn(activity_id="another")
    await answering.answer(turn, "A lease in Ulm. " * 40)
    assert "too long" in turn.sent[0].text


@pytest.mark.parametrize("task", [Task.QUESTIONS, Task.GENERATION, Task.SUMMARY])
async def test_an_answer_without_an_end_says_that_it_was_cut_off(answering, engine, store, task):
    begin(store, task=task)
    engine.is_cutting = True
    turn = FakeTurn()
    await answering.answer(turn, "How?")
    assert CUT in turn.sent[0].text


@pytest.mark.parametrize("policy", [Policy(is_answering=False), Policy(is_tuning_on=False)])
async def test_answers_are_switched_apart_from_tuning(answering, engine, store, policy):
    begin(store)
    keep(store, Policy(**policy.model_dump()))
    turn = FakeTurn()
    await answering.answer(turn, "How?")
    assert ("switched answers off" in turn.said) is not policy.is_answering
    assert turn.sent[-1].is_answer is policy.is_answering


@pytest.mark.parametrize(("is_written", "by"), [(True, "release 1"), (False, "release 2")])
async def test_an_answer_gone_on_with_after_a_restart_is_booked_on_the_release_that_wrote_it(
    answering, engine, store, is_written, by
):
    begin(store)
    with store.transaction() as session:
        talk = conversations.current(session, "chat", "bo")
        assert talk is not None
        noted = Answer(
            conversation_id=talk.id,
            agent_id="agent",
            release_id="release",
            person_id="bo",
            question="How?",
            incoming_activity_id="in",
            text="By rail." if is_written else "",
            seconds=1.0 if is_written else None,
        )
        session.add(noted)
        answer_id = noted.id
    with store.transaction() as session:
        agent, old = agents.get(session, "agent"), releases.get(session, "release")
        agent.live_release_id, old.state = "next", ReleaseState.SUPERSEDED
        session.add_all([agent, old])
    keep(
        store,
        make_run(id="next", dataset_id="dataset", state=RunState.READY),
        make_release(id="next", run_id="next", number=2, state=ReleaseState.LIVE),
    )
    turn = FakeTurn("How?")
    assert await answering.answer(turn, "How?")
    assert by in turn.said
    with store.reading() as session:
        wrote = conversations.answer(session, answer_id).release_id
        assert wrote
        assert releases.get(session, wrote).label == by
