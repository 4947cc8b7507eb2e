"""Group chats and channels: greeted once, answered when they mention the bot, and bound to an agent by its owner."""

import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tests.integration.bot.test_durability import all_done
from tuning.domain.audit import Tag
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.store import audit

BOT = {"id": "28:attune", "name": "Attune"}


def is_answer(sent):
    return "\n\n_" in sent.text


@pytest.fixture
def thread(chat):
    """Return what a person does in a thread of the channel."""

    def open_thread(person_id, root):
        found = chat(person_id, "channel")
        found.chat_id = f"19:channel;messageid={root}"
        return found

    return open_thread


def tags(tenant):
    with tenant.store.reading() as session:
        return [event.tag for event in audit.chain(session)]


async def test_a_room_is_greeted_once(chat, teams, tenant):
    bo = chat("bo", "groupChat")
    await bo.deliver("installationUpdate", action="add")
    await bo.deliver("conversationUpdate", membersAdded=[BOT])
    await bo.say("help")
    await all_done(tenant)
    said = [sent.text for sent in teams.messages[bo.chat_id].values()]
    assert [text.startswith("Hello!") for text in said].count(True) == 1


async def test_in_a_channel_that_its_owner_bound_an_agent_answers_in_every_thread(thread, teams, tenant):
    ana, bo = thread("ana", 1), thread("bo", 2)
    assert (await bo.say("How do I book a trip?")).card is not None  # whom to ask
    assert "'Travel' answers here now" in (await ana.say("<at>Attune</at> bind Travel")).text
    answer = await bo.say("<at>Attune</at> How do I book a trip?", wanted=is_answer)
    assert answer.text.startswith("Trips are booked by rail [1].")
    assert answer.activity["replyToId"]
    assert (await thread("bo", 3).say("<at>Attune</at> And a longer one?", wanted=is_answer)).text
    assert "only who picks it" in (await ana.say("unbind")).text
    assert (await thread("bo", 4).say("How do I book a trip?")).card is not None
    assert [tag for tag in tags(tenant) if tag in {Tag.AGENT_BOUND, Tag.AGENT_UNBOUND}] == [
        Tag.AGENT_BOUND,
        Tag.AGENT_UNBOUND,
    ]


async def test_who_is_not_in_the_audience_gets_nothing_out_of_a_bound_channel(thread, engine):
    await thread("ana", 1).say("bind Travel")
    assert "not in its audience" in (await thread("gus", 2).say("How do I book a trip?")).text
    assert not engine.asked


async def test_only_owners_bind_and_nobody_takes_a_channel_from_another(thread, chat, tenant):
    keep(
        tenant.store,
        make_agent(id="another", name="Hotels", owner_id="bo", live_release_id="hotels"),
        make_run(id="hotels", agent_id="another", state=RunState.READY),
        make_release(id="hotels", agent_id="another", run_id="hotels", state=ReleaseState.LIVE),
    )
    ana, bo, cy = thread("ana", 1), thread("bo", 1), thread("cy", 1)
    assert "in the channel or group chat" in (await chat("ana").say("bind Travel")).text
    await ana.say("bind Travel")
    assert "Only the owner" in (await bo.say("bind agent")).text
    assert "Ana, who owns it, can end that" in (await bo.say("bind Hotels")).text
    assert "answers here already" in (await ana.say("bind Travel")).text
    assert "only who picks it" in (await cy.say("unbind")).text  # an admin
    assert "'Hotels' answers here now" in (await bo.say("bind Hotels")).text


async def test_who_has_asked_in_a_room_follows_when_it_is_bound_anew(chat, tenant):
    keep(
        tenant.store,
        make_agent(id="another", name="Hotels", live_release_id="hotels"),
        make_run(id="hotels", agent_id="another", state=RunState.READY),
        make_release(id="hotels", agent_id="another", run_id="hotels", state=ReleaseState.LIVE),
    )
    ana, bo = chat("ana", "groupChat"), chat("bo", "groupChat")
    bo.chat_id = ana.chat_id

    async def answered_by():
        sent = await bo.say(
            "<at>Attune</at> How do I book a trip?",
            wanted=lambda sent: is_answer(sent) or "Ask Travel" in str(sent.card),
        )
        return sent.text if is_answer(sent) else "nobody"

    await ana.say("<at>Attune</at> bind Travel")
    assert "Travel" in await answered_by()
    await ana.say("<at>Attune</at> bind Hotels")
    assert "Hotels" in await answered_by()
    await ana.say("<at>Attune</at> unbind")
    assert await answered_by() == "nobody"
