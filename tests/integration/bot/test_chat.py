"""Employees in chat: activities in over HTTP, replies out through a connector on loopback."""

import asyncio
import json
from typing import Any

import pytest
from sqlmodel import select

from bot.loopback import Sent, default_inputs, find_action, texts
from tests.factories import keep, make_agent, make_release, make_run
from tuning.domain.agents import Agent
from tuning.domain.conversations import Answer
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.feedback import Feedback, Reaction
from tuning.domain.prompts import Task, system_message
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.store import conversations, documents, releases, runs


async def until(happened):
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110 - the store knows no events
            await asyncio.sleep(0.05)


def footer(sent):
    return sent.text.split("\n\n_")[-1]


def is_answer(sent):
    return "\n\n_" in sent.text


async def pick(person):
    listed = await person.say("agents", wanted=lambda sent: sent.card is not None)
    await person.press(listed.card, "Ask Travel")


def label(sent):
    return next(entity for entity in sent.activity["entities"] if entity["type"] == "https://schema.org/Message")


def given(tenant):
    """Return thumb, comment and correction of the only feedback."""
    with tenant.store.reading() as session:
        feedback = session.exec(select(Feedback)).one()
    return feedback.reaction, feedback.comment, feedback.correction


async def test_a_person_is_welcomed_once_and_sees_only_agents_for_them(chat, teams):
    bo, gus = chat("bo"), chat("gus")
    await bo.deliver("installationUpdate", action="add")
    await bo.open()
    greeting = await bo.wait(lambda sent: sent.card is not None)
    assert find_action(greeting.card, "Ask Travel")
    assert await bo.press(greeting.card, "How do I book a trip?") == "How do I book a trip?"
    assert (await bo.wait(is_answer)).text.startswith("Trips are booked by rail [1].")
    await gus.open()
    assert "no agent for you" in " ".join(texts((await gus.wait(lambda sent: True)).card))
    await bo.say("help")
    assert len(teams.messages[bo.chat_id]) == 3


async def test_an_answer_is_streamed_with_citation_label_thumbs_and_footer(chat, engine, teams):
    bo = chat("bo")
    await pick(bo)
    sent = await bo.say("How do I book a trip?", wanted=is_answer)
    assert sent.text.startswith("Trips are booked by rail [1].")
    assert footer(sent) == "Travel · release 1 · from 1 source_"
    citation = label(sent)["citation"][0]
    assert citation["appearance"]["abstract"] == "Trips under 600 km are booked by rail."
    assert (citation["position"], citation["appearance"]["name"]) == (1, "Rail")
    assert label(sent)["usageInfo"]["name"] == citation["appearance"]["usageInfo"]["name"] == "General"
    assert sent.activity["channelData"]["feedbackLoop"] == {"type": "default"}
    assert {"type": "streaminfo", "streamType": "final", "streamId": sent.id} in sent.activity["entities"]
    assert engine.adapters == {"release": "a" * 64}
    assert engine.asked[-1]["model"] == "release"
    begins = system_message(Task.QUESTIONS, make_agent().guidance)
    assert engine.asked[-1]["messages"][0] == begins
    assert "The documents contain: Policies." in begins["content"]


async def test_search_is_trimmed_by_who_asks(chat, engine):
    bo, dee = chat("bo"), chat("dee")
    for person, sees in ((bo, False), (dee, True)):
        await pick(person)
        await person.say("What is the bonus for trips?", wanted=is_answer)
        assert ("40 euros" in engine.prompt()) is sees


async def test_the_conversation_is_remembered_until_new(chat, engine):
    bo = chat("bo")
    await pick(bo)
    await bo.say("How do I book a trip?", wanted=is_answer)
    await bo.say("And a longer one?", wanted=is_answer)
    assert [one["role"] for one in engine.asked[-1]["messages"]] == ["system", "user", "assistant", "user"]
    assert "start over" in (await bo.say("new")).text
    await bo.say("How do I book a trip?", wanted=is_answer)
    assert len(engine.asked[-1]["messages"]) == 2


async def test_who_switches_agents_finds_both_conversations_again(chat, engine, tenant):
    keep(tenant.store, make_agent(id="canteen", name="Canteen", live_release_id="lunch"))
    keep(tenant.store, make_run(id="lunch", agent_id="canteen", dataset_id="lunch"))
    keep(tenant.store, make_release(id="lunch", agent_id="canteen", run_id="lunch", state=ReleaseState.LIVE))
    bo = chat("bo")

    async def turn_to(name):
        listed = await bo.say("agents", wanted=lambda sent: sent.card is not None)
        return " ".join(texts(await bo.press(listed.card, f"Ask {name}")))

    def remembered():
        return [one["content"] for one in engine.asked[-1]["messages"][1:-1] if one["role"] == "user"]

    assert "We go on where we were" not in await turn_to("Travel")
    await bo.say("How do I book a trip?", wanted=is_answer)
    await turn_to("Canteen")
    await bo.say("What is for lunch?", wanted=is_answer)
    assert remembered() == []
    assert "We go on where we were" in await turn_to("Travel")
    await bo.say("And a longer one?", wanted=is_answer)
    assert remembered() == ["How do I book a trip?"]
    await turn_to("Canteen")
    await bo.say("And tomorrow?", wanted=is_answer)
    assert remembered() == ["What is for lunch?"]
    await bo.say("new")
    await turn_to("Travel")
    await turn_to("Canteen")
    await bo.say("And on Friday?", wanted=is_answer)
    assert remembered() == []


async def test_memory_is_counted_in_the_engines_tokens(chat, engine):
    engine.says = lambda _request: "word " * 300
    bo = chat("bo")
    await pick(bo)
    for question in ("First?", "Second?", "Third?"):
        await bo.say(question, wanted=is_answer)
    assert [one["content"] for one in engine.asked[-1]["messages"][1:-1:2]] == ["Second?"]


async def test_the_conversation_remembers_what_was_corrected(chat, engine):
    bo = chat("bo")
    await pick(bo)
    answer = await bo.say("How do I book a trip?", wanted=is_answer)
    await bo.press(answer.card, "Send correction", correction="By rail.")
    await bo.say("And a longer one?", wanted=is_answer)
    assert engine.asked[-1]["messages"][2] == {"role": "assistant", "content": "By rail."}


async def test_a_question_delivered_twice_is_answered_once(chat, engine, teams):
    bo = chat("bo")
    await pick(bo)
    activity = bo._activity("message", text="How do I book a trip?")
    assert [(await teams.deliver(activity))[0] for _ in range(2)] == [202, 202]
    await bo.wait(is_answer)
    await bo.say("help")
    assert len(engine.asked) == 1


async def test_a_question_that_is_too_long_gets_one_sentence_and_no_engine(chat, engine):
    bo = chat("bo")
    await pick(bo)
    sent = await bo.say("why " * 25_000)
    assert "takes 4,000" in sent.text
    assert not engine.asked


async def test_an_engine_that_is_down_gets_a_kind_sentence(chat, engine, tenant):
    bo = chat("bo")
    await pick(bo)
    engine.status = 500
    sent = await bo.say("How do I book a trip?")
    assert "not running at the moment" in sent.text
    engine.status = 200
    assert is_answer(await bo.say("How do I book a trip?"))


async def test_a_person_outside_the_audience_gets_nothing(chat, engine, tenant):
    gus = chat("gus")
    with tenant.store.transaction() as session:
        conversations.start(session, gus.chat_id, "gus", "agent")
    assert "not in its audience" in (await gus.say("How do I book a trip?")).text
    assert not engine.asked


async def test_a_forwarded_card_opens_nothing_for_a_person_outside_the_audience(chat, engine):
    bo, gus = chat("bo"), chat("gus")
    listed = (await bo.say("agents", wanted=lambda sent: sent.card is not None)).card
    introduced = await bo.press(listed, "Ask Travel")
    for card, button in ((listed, "Ask Travel"), (introduced, "How do I book a trip?")):
        assert await gus.press(card, button) == "There is no such agent for you. Send 'agents' to see whom you can ask."
    assert not engine.asked


async def test_somebody_who_is_not_in_the_directory_gets_a_kind_sentence(chat):
    assert "can't find you in the organisation's directory" in (await chat("eve").say("agents")).text


async def test_the_release_that_is_live_now_answers(chat, engine, tenant):
    bo, cy = chat("bo"), chat("cy")
    await pick(bo)
    keep(tenant.store, make_run(id="other", state=RunState.READY))
    keep(tenant.store, make_release(id="second22", run_id="other", number=2, state=ReleaseState.SUBMITTED))
    await cy.say("approve second22", wanted=lambda sent: sent.card is not None)
    assert "release 2" in footer(await bo.say("How do I book a trip?", wanted=is_answer))
    await cy.say("revoke Travel Wrong prices.", wanted=lambda sent: sent.card is not None)
    assert "taken back" in (await bo.say("How do I book a trip?")).text


async def test_a_thumb_and_a_correction_reach_the_owners_inbox(chat, tenant):
    bo, ana = chat("bo"), chat("ana")
    await pick(bo)
    answer = await bo.say("How do I book a trip?", wanted=is_answer)
    assert await bo.thumb(answer, "dislike", "Too short.") == 200
    await bo.press(answer.card, "Send correction", correction="By rail, under 600 km.")
    card = (await ana.say("inbox", wanted=lambda sent: sent.card is not None)).card
    after = await ana.press(card, "Accept")
    assert "Nothing waits for you." in texts(after)
    assert find_action(after, "Retrain now")
    assert given(tenant) == (Reaction.DISLIKE, "Too short.", "By rail, under 600 km.")


async def test_the_dialog_behind_a_thumb_asks_why_and_what_it_says_is_taken(chat, teams, tenant):
    bo = chat("bo")
    await pick(bo)
    answer = await bo.say("How do I book a trip?", wanted=is_answer)

    async def invoke(person, name, reaction, **filled):
        action = {"reaction": reaction, **({"feedback": json.dumps(filled)} if filled else {})}
        value = {"actionName": "feedback", "actionValue": action}
        return await teams.deliver(person._activity("invoke", name=name, value=value, replyToId=answer.id))

    def fields(dialog):
        return default_inputs(dialog["task"]["value"]["card"]["content"])

    status, dialog = await invoke(bo, "message/fetchTask", "dislike")
    assert (status, dialog["task"]["type"]) == (200, "continue")
    assert fields(dialog) == {"reason": "none", "comment": "", "correction": ""}
    filled = {"reason": "outdated", "comment": "That was last year.", "correction": "By rail."}
    before = teams.latest(bo.chat_id)
    assert await invoke(bo, "message/submitAction", "dislike", **filled) == (200, {})
    assert given(tenant) == (Reaction.DISLIKE, "That was last year.", "By rail.")
    assert fields((await invoke(bo, "message/fetchTask", "dislike"))[1]) == filled
    # What the form showed and doesn't send any more was emptied.
    assert await invoke(bo, "message/submitAction", "dislike", reason="none", comment="Last year.") == (200, {})
    assert given(tenant) == (Reaction.DISLIKE, "Last year.", "")
    assert await invoke(bo, "message/submitAction", "dislike", form="whole", reason="none") == (200, {})
    assert given(tenant) == (Reaction.DISLIKE, "", "")
    assert fields((await invoke(bo, "message/fetchTask", "dislike"))[1])["reason"] == "none"
    assert "reason" not in fields((await invoke(bo, "message/fetchTask", "like"))[1])
    assert await invoke(bo, "message/submitAction", "like") == (200, {})
    with tenant.store.reading() as session:
        assert session.exec(select(Feedback)).one().reason is None
    assert teams.latest(bo.chat_id) == before  # thanks are not worth a message
    refused = (await invoke(chat("dee"), "message/fetchTask", "like"))[1]
    assert refused["task"] == {"type": "message", "value": "Only the person who got an answer may give feedback on it."}


async def test_what_was_said_is_changed_and_taken_back_in_the_chat(chat, tenant):
    bo = chat("bo")
    await pick(bo)
    answer = await bo.say("How do I book a trip?", wanted=is_answer)
    thanks = await bo.press(answer.card, "Send correction", correction="By rail.")
    thanks = await bo.press(thanks, "Send correction", correction="By rail, in 2nd class.")
    assert given(tenant) == (None, "", "By rail, in 2nd class.")
    assert "✓ Taken back." in texts(await bo.press(thanks, "Take it back"))
    assert await bo.press(thanks, "Take it back") == (
        "This feedback can't be taken back any more: it has been turned down, taken back, or learned."
    )
    assert await bo.thumb(answer, "dislike", "Too short.") == 200
    mine = (await bo.say("my feedback", wanted=lambda sent: sent.card is not None)).card
    assert "Your feedback, 1 of 1" in texts(mine)
    mine = await bo.press(mine, "Save", reaction="like", comment="", correction="")
    assert given(tenant) == (Reaction.LIKE, "", "")
    mine = await bo.press(mine, "Save", reaction="none")
    assert any("nothing in the feedback" in text for text in texts(mine))
    emptied = await bo.press(mine, "Take it back")
    assert "✓ Taken back." in texts(emptied)
    assert await chat("dee").press(mine, "Take it back") == "Only the person who got an answer may give feedback on it."


async def test_a_thumb_that_cannot_be_taken_is_said_where_only_its_person_reads_it(chat, teams, tenant):
    for scope, says in (("personal", 1), ("groupChat", 0)):
        bo = chat("bo", scope)
        await pick(bo)
        answer = await bo.say("How do I book a trip?", wanted=is_answer)
        before = len(teams.messages[bo.chat_id])
        assert await bo.thumb(answer, "dislike", "x" * 2001) == 200
        await asyncio.sleep(0.2)  # it is said after the response, and in a group never
        assert len(teams.messages[bo.chat_id]) - before == says


@pytest.mark.parametrize("is_thumb_first", [True, False])
@pytest.mark.parametrize("scope", ["personal", "groupChat"])
async def test_an_answer_can_be_rated_before_teams_has_confirmed_it(chat, teams, tenant, is_thumb_first, scope):
    bo = chat("bo", scope)
    await pick(bo)
    await bo.say("How do I book a trip?", wanted=is_answer)
    teams.confirms.clear()
    answer = await bo.say("And a longer one?", wanted=is_answer)
    acts = [
        lambda: bo.thumb(answer, "dislike", "Too short."),
        lambda: bo.press(answer.card, "Send correction", correction="By rail."),
    ]
    for act in acts if is_thumb_first else reversed(acts):
        await act()
    teams.confirms.set()
    assert given(tenant) == (Reaction.DISLIKE, "Too short.", "By rail.")


@pytest.mark.parametrize("is_confirmed", [True, False])
async def test_a_thumb_without_a_message_is_about_the_last_answer(chat, teams, tenant, is_confirmed):
    bo = chat("bo")
    await pick(bo)
    await bo.say("Who pays?", wanted=is_answer)
    if not is_confirmed:
        teams.confirms.clear()
    await bo.say("How do I book a trip?", wanted=is_answer)
    value = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "plain words"}}
    assert await teams.deliver(bo._activity("invoke", name="message/submitAction", value=value)) == (200, {})
    teams.confirms.set()
    with tenant.store.reading() as session:
        rated = session.exec(select(Feedback)).one()
    assert (rated.question, rated.comment) == ("How do I book a trip?", "plain words")


async def test_a_thumb_below_a_message_that_shows_no_answer_rates_nothing(chat, teams, tenant):
    bo = chat("bo")
    await pick(bo)
    await bo.say("Who pays?", wanted=is_answer)
    await bo.say("help")
    assert await bo.thumb(Sent(id="gone", activity={}, number=0), "like") == 200
    with tenant.store.reading() as session:
        assert session.exec(select(Feedback)).all() == []


async def test_stop_ends_the_engines_work(chat, engine, teams, tenant):
    bo = chat("bo")
    await pick(bo)
    teams.refuse = "Content stream was canceled by user."
    engine.says = lambda _: "word " * 200
    engine.pause_s = 0.02
    await teams.deliver(bo._activity("message", text="How do I book a trip?"))

    def is_stopped() -> bool:
        with tenant.store.reading() as session:
            return any(answer.is_stopped for answer in session.exec(select(Answer)))

    await until(is_stopped)
    await until(lambda: engine.closed_early > 0)
    assert not any(is_answer(sent) for sent in teams.messages[bo.chat_id].values())


async def test_a_starter_is_asked_by_its_button(chat, engine):
    bo = chat("bo")
    listed = await bo.say("agents", wanted=lambda sent: sent.card is not None)
    card = await bo.press(listed.card, "Ask Travel")
    await bo.press(card, "How do I book a trip?")
    await bo.wait(is_answer)
    assert engine.prompt().endswith("Question: How do I book a trip?")


async def test_an_old_button_asks_the_starter_that_stands_on_it_or_nothing(chat, engine, tenant):
    bo = chat("bo")
    listed = await bo.say("agents", wanted=lambda sent: sent.card is not None)
    card = await bo.press(listed.card, "Ask Travel")

    def now(*starters):
        with tenant.store.transaction() as session:
            agent = session.get(Agent, "agent")
            agent.starters = list(starters)
            session.add(agent)

    now("How do I resign?", "How do I book a trip?")
    await bo.press(card, "How do I book a trip?")
    await bo.wait(is_answer)
    assert engine.prompt().endswith("Question: How do I book a trip?")
    now("How do I resign?")
    asked = len(engine.asked)
    assert "can't be used any more" in await bo.press(card, "How do I book a trip?")
    assert len(engine.asked) == asked


async def test_some_get_a_canary_first_and_what_all_think_of_both_is_shown_to_admins(chat, engine, tenant):
    bo, cy, dee = chat("bo"), chat("cy"), chat("dee")
    keep(tenant.store, make_run(id="other", state=RunState.READY))
    keep(tenant.store, make_release(id="second22", run_id="other", number=2, state=ReleaseState.SUBMITTED))
    assert "canary** and 10 for 10 %" in (await cy.say("approve second22 canary")).text
    begun = await cy.say("approve second22 canary 50 % Carefully.", wanted=lambda sent: sent.card is not None)
    assert "✓ Cy approved it. It answers 50 % of its audience now." in texts(begun.card)
    models = []
    for person, thumb in ((bo, "like"), (dee, "dislike")):
        await pick(person)
        sent = await person.say("How do I book a trip?", wanted=is_answer)
        models.append((engine.asked[-1]["model"], footer(sent).split(" · ")[1]))
        assert await person.thumb(sent, thumb) == 200
    assert models == [("release", "release 1"), ("second22", "release 2")]
    shown = await cy.say("canary Travel", wanted=lambda sent: sent.card is not None)
    said = (
        "Release 2: 0 of 1 person who rated it liked it (0 %). Release 1: 1 of 1 person who rated it liked it (100 %)."
    )
    assert said in texts(shown.card)
    assert said in " ".join(texts((await cy.say("inventory", wanted=lambda sent: sent.card is not None)).card))
    await cy.say("canary Travel all", wanted=lambda sent: sent.card is not None)
    assert "release 2" in footer(await bo.say("How do I book a trip?", wanted=is_answer))


async def test_a_pilot_gets_a_release_that_the_others_do_not_and_an_admin_lets_all_have_it(chat, tenant):
    bo, cy, dee = chat("bo"), chat("cy"), chat("dee")
    keep(tenant.store, make_run(id="other", state=RunState.READY))
    keep(tenant.store, make_release(id="second22", run_id="other", number=2, state=ReleaseState.SUBMITTED))
    begun = await cy.say("approve second22 pilot Deputies", wanted=lambda sent: sent.card is not None)
    assert "✓ Cy approved it. Its pilot gets it now: Deputies." in texts(begun.card)
    for person, release in ((bo, "release 1"), (dee, "release 2")):
        await pick(person)
        assert release in footer(await person.say("How do I book a trip?", wanted=is_answer))
    shown = await cy.say("pilot Travel", wanted=lambda sent: sent.card is not None)
    assert "1 person has asked it. 0 thumbs up, 0 down, 0 corrections." in texts(shown.card)
    await cy.say("pilot Travel all", wanted=lambda sent: sent.card is not None)
    assert "release 2" in footer(await bo.say("How do I book a trip?", wanted=is_answer))


async def test_approving_and_revoking_are_felt_at_once_in_the_middle_of_an_answer_too(chat, engine, tenant):
    bo, cy = chat("bo"), chat("cy")
    keep(tenant.store, make_run(id="other", state=RunState.READY))
    keep(tenant.store, make_release(id="second22", run_id="other", number=2, state=ReleaseState.SUBMITTED))
    await pick(bo)
    await bo.say("How do I book a trip?", wanted=is_answer)
    await cy.say("approve second22", wanted=lambda sent: sent.card is not None)
    assert "release 2" in footer(await bo.say("How do I book a trip?", wanted=is_answer))
    engine.says = lambda _: "word " * 100_000  # half an hour, if nobody stops it
    engine.pause_s = 0.02
    asked = asyncio.create_task(bo.say("And the receipts?"))
    await until(lambda: "receipts" in engine.prompt())
    await cy.say("revoke Travel Wrong prices.", wanted=lambda sent: sent.card is not None)
    async with asyncio.timeout(60):
        assert "has been taken back" in (await asked).text
    await until(lambda: engine.closed_early > 0)
    with tenant.store.reading() as session:
        assert releases.get(session, "second22").state == ReleaseState.REVOKED


@pytest.mark.parametrize(
    ("text", "person", "says"),
    [
        ("aprove xkrdbbbb", "cy", "Did you mean **approve <id> [pilot Staff] [canary 10] [note]**?"),
        ("approve xkrdbbbb", "bo", "There is no release 'xkrdbbbb'"),
        ("hlep", "bo", "Did you mean **help**?"),
        ("revoke Travle Wrong prices.", "cy", "no agent with that name or id. Did you mean **Travel**?"),
        ("reject", "cy", "Say which release and why"),
    ],
)
async def test_a_command_that_is_wrong_gets_a_sentence(chat, text, person, says):
    assert says in (await chat(person).say(text)).text


async def test_what_an_answer_suggests_is_asked_by_a_press_while_the_person_may_read_its_document(chat, engine, tenant):
    keep(tenant.store, Dataset(id="dataset", agent_id="agent"))
    asked = ("Which agency books trips?", "Who pays?", "How long is a trip?", "Are rooms booked, too?")
    detail = [{"made_by": "list", "asked": question, "answer": f"Answer {len(question)}"} for question in asked]
    learned: dict[str, Any] = {
        "dataset_id": "dataset",
        "split": Split.TRAIN,
        "origin": Origin.LIST,
        "completion": "-",
    }
    keep(tenant.store, *(Example(document_id="rail", detail=one, **learned) for one in detail))
    with tenant.store.transaction() as session:
        runs.get(session, "run").dataset_id = "dataset"
    bo = chat("bo")
    await pick(bo)
    card = (await bo.say("How do I book a trip?", wanted=is_answer)).card
    assert [text for text in texts(card) if text.endswith("?")] == list(asked[:3])
    assert await bo.press(card, asked[1]) == asked[1]
    await until(lambda: engine.prompt().endswith(f"Question: {asked[1]}"))
    with tenant.store.transaction() as session:
        document = documents.get(session, "rail")
        document.readers = ["leads"]
        documents.save(session, document)
    assert await bo.press(card, asked[0]) == "That button can't be used any more. Send 'help' to see what you can do."
