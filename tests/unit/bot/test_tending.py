"""Owners tend their agents in chat: pause, retrain by itself, hand over, delete; and what others read then."""

import pytest

from adaptive_cards.verbs import Verb
from bot import notices, questions
from bot.card_actions import agents as agent_buttons
from bot.card_actions import tending
from bot.card_actions.press import Outcome, Press
from bot.commands.cancel import CANCEL
from bot.commands.delete import DELETE
from bot.commands.hand_over import HAND_OVER
from bot.commands.pause import PAUSE
from bot.commands.resume import RESUME
from bot.loopback import find_action
from bot.presses import Presses
from tests.factories import keep, make_agent, make_answer, make_release, make_run, make_source, make_tenant
from tests.fakes.turn import FakeTurn
from tuning.domain.agents import Retraining
from tuning.domain.audit import Tag
from tuning.domain.conversations import Conversation
from tuning.domain.errors import InvalidInput, NotAllowed, NotFound, WrongState
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.store import agents, audit, runs


@pytest.fixture
def tenant(store, tmp_path):
    keep(
        store,
        make_source(),
        make_agent(live_release_id="release"),
        make_run(state=RunState.READY),
        make_release(state=ReleaseState.LIVE),
    )
    return make_tenant(store, tmp_path)


def pressed(person_id, **data):
    return Press(person_id=person_id, chat_id="chat", data={"agent_id": "agent", **data})


def stored(tenant):
    with tenant.store.reading() as session:
        return agents.get(session, "agent")


def news(tenant, kind, person_id):
    message = notices.message(tenant, Notice(kind=kind, person_id=person_id, subject_id="agent"))
    return str(message.card) if message else ""


def answering(tenant, person_id, release_id=None):
    talk = Conversation(chat_id="chat", person_id=person_id, agent_id="agent", release_id=release_id)
    with tenant.store.reading() as session:
        return questions.answering(session, tenant, talk)


async def test_a_paused_agent_says_so_kindly_and_only_its_owner_tries_it(tenant):
    turn = FakeTurn(person_id="ana")
    await PAUSE.run(tenant, turn, "Travel")
    assert "Travel is paused" in str(turn.sent[-1].card)
    break_ = "'Travel' takes a break: Ana, who owns it, has paused it. Ask again later"
    with pytest.raises(WrongState, match=break_):
        answering(tenant, "bo")
    with pytest.raises(WrongState, match=break_):
        agent_buttons.pick(tenant, pressed("bo"))
    with pytest.raises(NotAllowed, match="not in its audience"):
        answering(tenant, "gus")
    assert answering(tenant, "ana", "release")[1].id == "release"
    await RESUME.run(tenant, turn, "agent")
    assert answering(tenant, "bo")[1].id == "release"


def test_what_is_wrong_with_the_number_stands_on_the_card_with_what_was_chosen(tenant):
    card = tending.retrain_when(tenant, pressed("ana", when="after", after="many")).card
    assert card is not None
    fields = {element["id"]: element["value"] for element in card["body"] if "id" in element}
    assert fields == {"when": "after", "after": "many", "at": "02:00", "weekday": "1", "day": "1"}
    assert "Type a whole number from 1 to 1,000." in str(card)
    assert stored(tenant).retraining == Retraining.NEVER
    assert "✓ Saved." in str(tending.retrain_when(tenant, pressed("ana", when="after", after="3")).card)
    assert (stored(tenant).retraining, stored(tenant).retrain_after) == (Retraining.AFTER, 3)


@pytest.mark.parametrize(
    ("person", "sentence"), [("Zoe", "Nobody by that name is here."), ("Ana", "Ana owns 'Travel' already.")]
)
async def test_a_name_that_is_refused_is_one_sentence_and_the_card_stays_with_what_was_typed(tenant, person, sentence):
    typed = {"agent_id": "agent", "person": person, "when": "after", "after": "7"}
    outcome = await Presses(tenant).press(FakeTurn(person_id="ana"), Verb.AGENT_HAND_OVER, typed)
    assert outcome == Outcome(sentence=sentence)
    assert stored(tenant).owner_id == "ana"


def test_an_agent_is_handed_over_on_its_card_and_its_new_owner_reads_by_whom(tenant):
    assert "Bo owns it now" in str(tending.hand_over(tenant, pressed("ana", person="Bo")).card)
    assert stored(tenant).owner_id == "bo"
    read = news(tenant, NoticeKind.AGENT_HANDED_OVER, "bo")
    assert "Travel is yours now" in read
    assert "Ana handed it over to you" in read
    with pytest.raises(NotAllowed):
        tending.manage(tenant, pressed("ana"))
    assert "Travel is live" in str(tending.manage(tenant, pressed("bo")).card)


async def test_an_admin_hands_over_by_command_and_who_had_it_reads_whose_it_is(tenant):
    turn = FakeTurn(person_id="cy")
    for text in ("", "Travel", "Travel Bo"):
        with pytest.raises(InvalidInput, match="Say which agent and to whom"):
            await HAND_OVER.run(tenant, turn, text)
    await HAND_OVER.run(tenant, turn, "Travel to Bo")
    assert "Bo owns it now" in str(turn.sent[-1].card)
    assert "Travel has another owner" in news(tenant, NoticeKind.AGENT_HANDED_OVER, "ana")
    assert "Cy handed it over to you" in news(tenant, NoticeKind.AGENT_HANDED_OVER, "bo")


def test_nobody_else_searches_the_directory_with_the_button(tenant):
    for who in ("bo", "gus"):
        with pytest.raises(NotAllowed):
            tending.hand_over(tenant, pressed(who, person="Zoe"))


def test_what_is_in_the_way_of_a_run_is_read_until_it_is_gone(tenant):
    assert news(tenant, NoticeKind.RETRAINING_HELD, "ana") == ""
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.retraining_held = "Tuning is switched off in your organisation. Ask an admin to switch it on."
        session.add(agent)
    assert "Tuning is switched off" in news(tenant, NoticeKind.RETRAINING_HELD, "ana")
    assert news(tenant, NoticeKind.RETRAINING_HELD, "bo") == ""


def begin(tenant, state=RunState.LABELLING, **values):
    keep(tenant.store, make_run(id="next", state=state, **values))


def run_of(tenant):
    with tenant.store.reading() as session:
        return runs.get(session, "next")


@pytest.mark.parametrize("person_id", ["ana", "cy"])
async def test_owner_and_admins_cancel_the_run_of_an_agent_by_command(tenant, person_id):
    turn = FakeTurn(person_id=person_id)
    with pytest.raises(InvalidInput, match="Say which agent"):
        await CANCEL.run(tenant, turn, "")
    with pytest.raises(WrongState, match="'Travel' is not being tuned: there is nothing to cancel"):
        await CANCEL.run(tenant, turn, "Travel")
    begin(tenant)
    await CANCEL.run(tenant, turn, "Travel")
    assert "Cancelled; nothing has changed" in str(turn.sent[-1].card)
    assert run_of(tenant).state == RunState.CANCELLED
    with tenant.store.reading() as session:
        last = audit.events(session, "next")[-1]
    assert (last.tag, last.actor_id) == (Tag.RUN_CANCELLED, person_id)


@pytest.mark.parametrize("command", [CANCEL, DELETE])
async def test_nobody_else_cancels_a_run_or_deletes_an_agent_by_command(tenant, command):
    begin(tenant)
    for who in ("bo", "gus"):
        with pytest.raises(NotAllowed):
            await command.run(tenant, FakeTurn(person_id=who), "Travel")
    assert run_of(tenant).state == RunState.LABELLING


def test_a_run_is_cancelled_on_the_card_of_its_agent(tenant):
    assert "Cancel tuning" not in str(tending.manage(tenant, pressed("ana")).card)
    begin(tenant)
    button = find_action(tending.manage(tenant, pressed("ana")).card or {}, "Cancel tuning")
    assert (button["verb"], button["data"]) == (Verb.RUN_CANCEL, {"run_id": "next"})
    with tenant.store.transaction() as session:
        run = runs.get(session, "next")
        run.cancel_requested = True
        session.add(run)
    assert "Cancel tuning" not in str(tending.manage(tenant, pressed("ana")).card)


@pytest.mark.parametrize("person_id", ["ana", "cy"])
async def test_owner_and_admins_delete_an_agent_by_command_once_it_answers_nobody(tenant, person_id):
    turn = FakeTurn(person_id=person_id)
    with pytest.raises(InvalidInput, match="Say which agent"):
        await DELETE.run(tenant, turn, "")
    with pytest.raises(WrongState, match="'Travel' is live"):
        await DELETE.run(tenant, turn, "Travel")
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.live_release_id = None
        session.add(agent)
    keep(tenant.store, make_answer())
    await DELETE.run(tenant, turn, "Travel")
    asked = turn.sent[-1].card or {}
    assert "With it go what was configured, 1 release, 1 question with its answer" in str(asked)
    assert stored(tenant).id == "agent"
    button = find_action(asked, "Delete for good")
    assert (button["verb"], button["data"]) == (Verb.AGENT_DELETE, {"agent_id": "agent"})
    assert "Travel is deleted" in str(tending.delete(tenant, pressed(person_id)).card)


def test_an_agent_is_deleted_on_its_card_once_it_answers_nobody(tenant):
    assert "Delete" not in str(tending.manage(tenant, pressed("ana")).card)
    with pytest.raises(WrongState, match="'Travel' is live"):
        tending.delete(tenant, pressed("ana"))
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.live_release_id = None
        session.add(agent)
    keep(tenant.store, make_answer())
    asked = str(tending.manage(tenant, pressed("ana")).card)
    assert "With it go what was configured, 1 release, 1 question with its answer" in asked
    with pytest.raises(NotAllowed):
        tending.delete(tenant, pressed("bo"))
    assert "Travel is deleted" in str(tending.delete(tenant, pressed("ana")).card)
    with pytest.raises(NotFound):
        stored(tenant)
