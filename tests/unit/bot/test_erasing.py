"""Admins erase a person or a document in chat: what would go is shown first, and a receipt afterwards."""

import pytest

from adaptive_cards.verbs import Verb
from bot import views
from bot.card_actions import HANDLERS
from bot.card_actions.press import Press
from bot.commands import COMMANDS
from bot.commands.erase import ERASE
from bot.loopback import find_action
from tests.factories import (
    keep,
    make_agent,
    make_answer,
    make_document,
    make_release,
    make_run,
    make_source,
    make_tenant,
)
from tests.fakes.turn import FakeTurn
from tuning.domain.conversations import Conversation
from tuning.domain.datasets import Dataset
from tuning.domain.errors import InvalidInput, NotAllowed, NotFound
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.store import audit, documents, notices, releases
from tuning.store.erasure import holds_person

GONE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def tenant(store, tmp_path):
    """A live release that learned from the document about flights, and what Bo and somebody who left have said."""
    keep(
        store,
        make_source(),
        make_document("Flights", sha256="f" * 64),
        make_document("Copy", sha256="f" * 64),
        make_document("Trips", sha256="e" * 64),
        make_agent(live_release_id="release"),
        Dataset(id="data", agent_id="agent", document_hashes={"flights": "f" * 64}),
        make_run(state=RunState.READY, dataset_id="data"),
        make_release(state=ReleaseState.LIVE),
        make_answer(),
        Conversation(id="talk", chat_id="c", person_id=GONE, agent_id="agent"),
    )
    return make_tenant(store, tmp_path)


async def said(tenant, text, person_id="cy"):
    """Send the command, and return the card that comes."""
    turn = FakeTurn(text, person_id=person_id)
    await ERASE.run(tenant, turn, text)
    return turn.sent[-1].card


def pressed(tenant, card, person_id="cy"):
    action = find_action(card, "Erase for good")
    press = Press(person_id=person_id, chat_id="chat", data=action["data"])
    return HANDLERS[Verb(action["verb"])](tenant, press).card


@pytest.mark.parametrize("text", ["bo", "Bo"])
async def test_a_person_is_erased_once_the_button_is_pressed(tenant, text):
    card = await said(tenant, text)
    assert "No release that can be asked" in str(card)
    with tenant.store.reading() as session:
        assert holds_person(session, "bo")
    receipt = pressed(tenant, card)
    with tenant.store.reading() as session:
        assert not holds_person(session, "bo")
        event = audit.events(session, "bo")[-1]
    assert event.actor_id == "cy"
    assert event.hash in str(receipt).replace(" ", "")


async def test_somebody_who_left_is_erased_by_their_object_id(tenant):
    card = await said(tenant, GONE)
    pressed(tenant, card)
    with tenant.store.reading() as session:
        assert not holds_person(session, GONE)


@pytest.mark.parametrize("text", ["flights", "flights.md"])
async def test_a_document_goes_with_its_copies_and_stops_what_learned_from_it(tenant, text):
    card = await said(tenant, text)
    assert all(shown in str(card) for shown in ("flights.md", "copy.md", "release 1"))
    receipt = pressed(tenant, card)
    assert "'Releases stopped', 'value': '1'" in str(receipt)
    with tenant.store.reading() as session:
        assert releases.get(session, "release").state is ReleaseState.SUSPENDED
        assert [it.id for it in documents.of_source(session, "source")] == ["trips"]


@pytest.mark.parametrize(
    ("state", "is_told"),
    [(ReleaseState.CANDIDATE, True), (ReleaseState.SUBMITTED, True), (ReleaseState.REJECTED, False)],
)
async def test_the_owner_is_told_that_what_they_wait_for_was_stopped(tenant, state, is_told):
    keep(
        tenant.store,
        make_run(id="next", dataset_id="data", state=RunState.READY),
        make_release(id="next", run_id="next", number=2, state=state),
    )
    pressed(tenant, await said(tenant, "flights"))
    with tenant.store.transaction() as session:
        due = notices.due(session, now(), 100)
    told = {one.subject_id for one in due if (one.kind, one.person_id) == (NoticeKind.RELEASE_SUSPENDED, "ana")}
    assert told == ({"release", "next"} if is_told else {"release"})
    assert "release 2 is suspended" in str(views.my_agents(tenant, "ana"))


async def test_only_admins_erase_and_nobody_else_learns_what_there_is(tenant):
    card = await said(tenant, "flights")
    for text in ("flights", "bo", "nothing", ""):
        with pytest.raises(NotAllowed):
            await said(tenant, text, "ana")
    with pytest.raises(NotAllowed):
        pressed(tenant, card, "ana")
    with tenant.store.reading() as session:
        assert documents.get(session, "flights").title == "Flights"
    assert not ERASE.names(tenant, "ana", "flights")
    assert ERASE in COMMANDS


async def test_a_name_that_fits_nothing_or_several_is_one_sentence(tenant):
    keep(tenant.store, make_source(id="other"), make_document("Again", source_id="other", path="trips.md"))
    with pytest.raises(InvalidInput, match="Several documents have that name"):
        await said(tenant, "trips.md")
    with pytest.raises(InvalidInput, match="Nobody by that name"):
        await said(tenant, "nothing")
    with pytest.raises(InvalidInput, match="Say whom or what"):
        await said(tenant, "")


async def test_a_stale_button_says_that_it_is_gone_already(tenant):
    card = await said(tenant, "flights")
    pressed(tenant, card)
    with pytest.raises(NotFound):
        pressed(tenant, card)


def test_what_is_no_name_of_anything_is_a_question(tenant):
    assert not ERASE.is_meant(tenant, "cy", "all my mistakes, please")
    assert ERASE.is_meant(tenant, "cy", "flights.md")
    assert ERASE.is_meant(tenant, "cy", GONE)
