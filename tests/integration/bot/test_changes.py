"""Messages that people edit or delete, in the shapes that Microsoft's documentation shows, over the bot's endpoint."""

import pytest
from sqlmodel import select

from tests.integration.bot.test_chat import is_answer, pick, until
from tuning.domain.audit import AuditEvent, Tag
from tuning.domain.conversations import Answer
from tuning.domain.deliveries import Delivery
from tuning.domain.drafts import Draft
from tuning.domain.feedback import Feedback, FeedbackState
from tuning.domain.prompts import Task
from tuning.store import agents, feedback

ASKED = "1666977568748"
QUESTION = "How do I book a trip?"


def changed(person, event, number=1, **fields):
    """Return an edit or a deletion as Teams reports it: under the id of the message itself."""
    kind = "messageDelete" if event == "softDeleteMessage" else "messageUpdate"
    shape = {
        "id": ASKED,
        "timestamp": f"2022-10-28T17:19:39.46154{number:02}Z",
        "entities": [{"locale": "en-US", "country": "US", "platform": "Web", "type": "clientInfo"}],
        "channelData": {"eventType": event, "tenant": {"id": "tenant"}},
        "localTimezone": "America/Los_Angeles",
    }
    return person._activity(kind, **{**shape, **fields})


async def ask(person, text=QUESTION, **fields):
    after = person.loopback.latest(person.chat_id)
    await person.loopback.deliver(person._activity("message", **{"text": text, "id": ASKED, **fields}))
    return await person.wait(is_answer, after=after)


async def all_done(tenant):
    await until(lambda: all(one.done_at is not None for one in rows(tenant, Delivery)))


def rows(tenant, table):
    with tenant.store.reading() as session:
        return session.exec(select(table)).all()


def forgotten(tenant):
    return [one for one in rows(tenant, AuditEvent) if one.tag == Tag.QUESTION_FORGOTTEN]


async def test_what_a_deleted_message_asked_is_forgotten_and_its_answer_taken_out_of_the_chat(chat, engine, tenant):
    bo = chat("bo")
    await pick(bo)
    answer = await ask(bo)
    await bo.press(answer.card, "Send correction", correction="By train.")
    deletion = changed(bo, "softDeleteMessage")
    for activity in (deletion, deletion, changed(bo, "softDeleteMessage", 2)):
        assert (await bo.loopback.deliver(activity))[0] == 202
    await all_done(tenant)
    (row,) = rows(tenant, Answer)
    assert (row.question, row.text, row.citations, row.is_stopped) == ("", "", [], True)
    (said,) = rows(tenant, Feedback)
    assert (said.state, said.question, said.correction) == (FeedbackState.WITHDRAWN, "", "")
    with tenant.store.reading() as session:
        assert feedback.judged(session, "agent") == []
        assert feedback.to_review(session, "agent") == []
    (event,) = forgotten(tenant)
    assert (event.actor_id, event.subject_id) == ("bo", row.id)
    assert "book" not in str([one.model_dump() for one in rows(tenant, AuditEvent)])
    shown = bo.loopback.messages[bo.chat_id][answer.id]
    assert shown.text == "_You took this question back, and I have forgotten it._"
    assert shown.card is None
    assert "taken back" in await bo.press(answer.card, "Send correction", correction="By rail.")
    await ask(bo, "And a longer one?", id="next")
    assert [one["role"] for one in engine.asked[-1]["messages"]] == ["system", "user"]


async def test_what_the_owner_has_accepted_stays(chat, tenant):
    bo, ana = chat("bo"), chat("ana")
    await pick(bo)
    answer = await ask(bo)
    await bo.press(answer.card, "Send correction", correction="By train.")
    await ana.press((await ana.say("inbox", wanted=lambda sent: sent.card is not None)).card, "Accept")
    await bo.loopback.deliver(changed(bo, "softDeleteMessage"))
    await all_done(tenant)
    (said,) = rows(tenant, Feedback)
    assert (said.state, said.question, said.correction) == (FeedbackState.ACCEPTED, QUESTION, "By train.")
    assert rows(tenant, Answer)[0].is_forgotten


async def test_an_edited_question_is_answered_anew_in_the_place_of_the_old_answer(chat, engine, tenant):
    bo = chat("bo")
    await pick(bo)
    first = await ask(bo)
    engine.says = lambda _: "The company pays [1]."
    edit = changed(bo, "editMessage", text="Who pays for trips by rail?")
    for activity in (edit, edit, changed(bo, "editMessage", 2, text="Who pays for trips by rail?")):
        assert (await bo.loopback.deliver(activity))[0] == 202
    await all_done(tenant)
    assert len(engine.asked) == 2
    assert bo.loopback.messages[bo.chat_id][first.id].text.startswith("The company pays [1].")
    assert len([sent for sent in bo.loopback.messages[bo.chat_id].values() if is_answer(sent)]) == 1
    await ask(bo, "And a longer one?", id="next")
    asked, said = [one["content"] for one in engine.asked[-1]["messages"][-3:-1]]
    assert "Who pays" in asked
    assert said == "The company pays [1]."
    assert await bo.thumb(first, "like") == 200
    assert [one.question for one in rows(tenant, Feedback)] == ["Who pays for trips by rail?"]
    assert [event.detail["is_edited"] for event in forgotten(tenant)] == [True]
    await bo.loopback.deliver(changed(bo, "softDeleteMessage", 3))
    await all_done(tenant)
    assert [one.question for one in rows(tenant, Answer) if one.question] == ["And a longer one?"]
    await bo.loopback.deliver(changed(bo, "undeleteMessage", 4, text=QUESTION))
    await all_done(tenant)
    assert bo.loopback.messages[bo.chat_id][first.id].text.startswith("The company pays [1].")
    assert QUESTION in engine.prompt()


@pytest.mark.parametrize("scope", ["personal", "groupChat"])
async def test_an_answer_that_is_being_written_stops(chat, engine, tenant, scope):
    bo = chat("bo", scope)
    await pick(bo)
    engine.says = lambda _: "word " * 100_000
    engine.pause_s = 0.02
    await bo.loopback.deliver(bo._activity("message", text=QUESTION, id=ASKED))
    await until(lambda: engine.asked)
    assert (await bo.loopback.deliver(changed(bo, "softDeleteMessage")))[0] == 202
    await all_done(tenant)
    await until(lambda: engine.closed_early == 1)
    assert [(one.question, one.text) for one in rows(tenant, Answer)] == [("", "")]
    assert not any("word" in sent.text for sent in bo.loopback.messages[bo.chat_id].values())


async def test_a_question_that_waits_is_not_asked_and_one_edited_meanwhile_is_asked_as_it_is_now(chat, engine, tenant):
    bo = chat("bo")
    await pick(bo)
    engine.says = lambda request: "word " * 100_000 if "first" in str(request["messages"]) else "By rail."
    engine.pause_s = 0.02
    await bo.loopback.deliver(bo._activity("message", text="A first one?", id="first"))
    await until(lambda: engine.asked)
    await bo.loopback.deliver(bo._activity("message", text="Never asked?", id=ASKED))
    await bo.loopback.deliver(bo._activity("message", text="Not asked so?", id="third"))
    await bo.loopback.deliver(changed(bo, "softDeleteMessage"))
    await bo.loopback.deliver(changed(bo, "editMessage", text="Asked so?", id="third"))
    await bo.loopback.deliver(changed(bo, "softDeleteMessage", id="first"))
    await all_done(tenant)
    assert [one.question for one in rows(tenant, Answer)] == ["", "Asked so?"]
    assert len(engine.asked) == 2


async def test_an_edit_that_is_delivered_twice_is_answered_once(chat, engine, tenant):
    bo = chat("bo")
    await pick(bo)
    engine.says = lambda request: "word " * 100_000 if "first" in str(request["messages"]) else "By rail."
    engine.pause_s = 0.02
    await bo.loopback.deliver(bo._activity("message", text="A first one?", id="first"))
    await until(lambda: engine.asked)
    await bo.loopback.deliver(bo._activity("message", text="Not asked so?", id="third"))
    edit = changed(bo, "editMessage", text="Asked so?", id="third")
    await bo.loopback.deliver(edit)
    await bo.loopback.deliver(edit)
    await bo.loopback.deliver(changed(bo, "softDeleteMessage", id="first"))
    await all_done(tenant)
    assert [one.question for one in rows(tenant, Answer)] == ["", "Asked so?"]


async def test_only_who_wrote_a_message_takes_it_back_and_unknown_ones_are_ignored(chat, engine, tenant, caplog):
    bo, cy = chat("bo", "groupChat"), chat("cy", "groupChat")
    await pick(bo)
    answer = await ask(bo)
    shown = bo.loopback.latest(bo.chat_id)
    for activity in (
        changed(cy, "softDeleteMessage"),
        changed(cy, "editMessage", text="Anything else?"),
        changed(bo, "softDeleteMessage", id="unknown"),
        changed(bo, "editMessage", id="unknown", text="Anything else?"),
        changed(chat("bo"), "softDeleteMessage"),  # the same id in another chat
        changed(bo, "somethingNew", text="Anything else?"),
        changed(bo, "softDeleteMessage", **{"from": {"id": "29:bo"}}),
    ):
        assert (await bo.loopback.deliver(activity))[0] == 202
    await all_done(tenant)
    assert bo.loopback.latest(bo.chat_id) == shown
    assert [one.question for one in rows(tenant, Answer)] == [QUESTION]
    assert bo.loopback.messages[bo.chat_id][answer.id].text.startswith("Trips are booked by rail")
    assert len(engine.asked) == 1
    assert not forgotten(tenant)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_the_file_of_a_draft_goes_with_its_brief(chat, engine, tenant):
    with tenant.store.transaction() as session:
        agents.get(session, "agent").task = Task.GENERATION
    bo = chat("bo")
    await pick(bo)
    await ask(bo, "A note about rail.")
    await until(lambda: any(one.activity_id for one in rows(tenant, Draft)))
    await bo.loopback.deliver(changed(bo, "softDeleteMessage"))
    await all_done(tenant)
    assert rows(tenant, Draft) == []
