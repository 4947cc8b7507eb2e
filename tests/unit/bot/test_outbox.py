"""What people get unasked: after their quiet hours together, and withdrawn once it is settled."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot import outbox as outbox_module
from bot.card_actions import notices as buttons
from bot.card_actions.press import Press
from bot.commands.notices import NOTICES
from bot.errors import NotDelivered
from bot.outbox import MAX_WITHDRAWALS, Outbox
from tests.factories import keep, make_agent, make_release, make_run, make_source, make_tenant
from tests.fakes.turn import FakeTurn
from tuning.domain.audit import Tag
from tuning.domain.conversations import Chat
from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.fields import now
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.domain.quiet import QuietHours
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.releases import publishing
from tuning.store import audit, notices, quiet, runs

REFERENCE = {"serviceUrl": "http://127.0.0.1:9", "conversation": {"id": "chat"}, "zone": "Europe/Berlin"}
LATER = timedelta(days=5)


class Connector:
    """A chat that keeps what it shows."""

    def __init__(self):
        self.shown, self.is_down = {}, False

    async def post(self, _reference, activity):
        self._must_be_up()
        activity_id = f"m{len(self.shown) + 1}"
        self.shown[activity_id] = str(activity["attachments"][0]["content"])
        return activity_id

    async def put(self, _reference, activity_id, activity):
        self._must_be_up()
        self.shown[activity_id] = str(activity["attachments"][0]["content"])

    def _must_be_up(self):
        if self.is_down:
            raise NotDelivered(503, "Teams is down.")


@pytest.fixture
def tenant(store, tmp_path):
    chats = [Chat(person_id=who, reference=REFERENCE) for who in ("ana", "cy", "dee")]
    rows = (make_agent(), make_run(state=RunState.READY), make_release(state=ReleaseState.CANDIDATE))
    keep(store, make_source(sync_failures=1, sync_error="Gone."), *rows, *chats)
    return make_tenant(store, tmp_path)


@pytest.fixture
def connector():
    return Connector()


@pytest.fixture
def outbox(tenant, connector):
    return Outbox(tenant, connector)


def notify(tenant, kind, person_id, subject_id):
    with tenant.store.transaction() as session:
        notices.notify(session, kind, [person_id], subject_id)


def states(tenant, person_id):
    with tenant.store.reading() as session:
        return {one.kind: one.state for one in session.exec(select(Notice).where(Notice.person_id == person_id))}


def pressed(person_id, **data):
    return Press(person_id=person_id, chat_id="chat", data=data)


def wait(monkeypatch, time):
    monkeypatch.setattr(outbox_module, "now", lambda: now() + time)


async def test_a_settled_request_says_so_in_every_chat_that_it_was_sent_to(tenant, outbox, connector):
    publishing.submit(tenant, "ana", "release", "Please.")
    await outbox.send_due()
    assert sorted(connector.shown) == ["m1", "m2"]
    publishing.approve(tenant, "dee", "release", "")
    assert states(tenant, "cy") == {NoticeKind.RELEASE_SUBMITTED: NoticeState.STALE}
    await outbox.send_due()
    assert "Dee" in connector.shown["m1"]
    assert "release.approve" not in connector.shown["m1"] + connector.shown["m2"]
    assert states(tenant, "cy") == {NoticeKind.RELEASE_SUBMITTED: NoticeState.SETTLED}


async def test_withdrawing_is_tried_again_and_given_up_at_last(tenant, outbox, connector, monkeypatch):
    notify(tenant, NoticeKind.SOURCE_FAILED, "ana", "source")
    await outbox.send_due()
    with tenant.store.transaction() as session:
        notices.settle(session, NoticeKind.SOURCE_FAILED, "source")
    connector.is_down = True
    for number in range(1, MAX_WITHDRAWALS + 1):
        assert states(tenant, "ana") == {NoticeKind.SOURCE_FAILED: NoticeState.STALE}
        wait(monkeypatch, LATER * number)
        await outbox.send_due()
    assert states(tenant, "ana") == {NoticeKind.SOURCE_FAILED: NoticeState.SETTLED}


def test_a_form_that_does_not_hold_together_comes_back_as_it_was_filled_in(tenant):
    card = buttons.save(tenant, pressed("ana", begins="18:00", digest_at="late", is_weekend_quiet="true")).card
    assert card
    shown = {node["id"]: node.get("value", "") for node in card["body"] if "id" in node}
    assert (shown["begins"], shown["is_weekend_quiet"], shown["ends"]) == ("18:00", "true", "")


async def test_what_was_held_comes_together_and_each_in_full_when_asked_for(tenant, outbox, connector, monkeypatch):
    saved = buttons.save(tenant, pressed("ana", begins="00:00", ends="23:59", is_weekend_quiet="true")).card
    assert "Saved" in str(saved)
    assert "Europe/Berlin" in str(saved)
    notify(tenant, NoticeKind.SOURCE_FAILED, "ana", "source")
    notify(tenant, NoticeKind.RUN_READY, "ana", "run")
    notify(tenant, NoticeKind.RETRAINING_HELD, "ana", "agent")
    await outbox.send_due()
    assert connector.shown == {}
    wait(monkeypatch, LATER)
    await outbox.send_due()
    assert list(connector.shown) == ["m1"]
    assert "2 messages waited for you" in connector.shown["m1"]
    with tenant.store.reading() as session:
        failed = session.exec(select(Notice).where(Notice.kind == NoticeKind.SOURCE_FAILED)).one()
    with pytest.raises(NotAllowed, match="for somebody else"):
        buttons.show(tenant, pressed("cy", notice_id=failed.id))
    left = str(buttons.show(tenant, pressed("ana", notice_id=failed.id)).card)
    assert left.count("'verb': 'notice.open'") == 2  # the other one's button, and what old clients get for it
    with pytest.raises(WrongState):
        buttons.show(tenant, pressed("ana", notice_id=failed.id))
    await outbox.send_due()
    assert "Gone." in connector.shown["m2"]


async def test_a_digest_says_what_has_been_settled(tenant, outbox, connector, monkeypatch):
    with tenant.store.transaction() as session:
        quiet.put(session, QuietHours(person_id="ana", digest_at=(now() + timedelta(hours=2)).time()))
    notify(tenant, NoticeKind.SOURCE_FAILED, "ana", "source")
    notify(tenant, NoticeKind.RUN_READY, "ana", "run")
    wait(monkeypatch, LATER)
    await outbox.send_due()
    with tenant.store.transaction() as session:
        notices.settle(session, NoticeKind.SOURCE_FAILED, "source")
    keep_well(tenant)
    await outbox.send_due()
    assert "✓ The source can be read again" in connector.shown["m1"]
    assert list(connector.shown) == ["m1"]


def keep_well(tenant):
    with tenant.store.transaction() as session:
        session.merge(make_source())


async def test_a_card_of_progress_comes_at_once_whatever_the_hour(tenant, outbox, connector):
    buttons.save(tenant, pressed("ana", begins="00:00", ends="23:59", is_weekend_quiet="true"))
    keep(tenant.store, make_agent(id="other"), make_run(id="now", agent_id="other", state=RunState.RUNNING))
    notify(tenant, NoticeKind.RUN_STARTED, "ana", "now")
    await outbox.send_due()
    assert list(connector.shown) == ["m1"]


async def test_the_form_says_what_can_t_be_used_and_keeps_what_was_chosen(tenant):
    turn = FakeTurn(person_id="ana")
    buttons.save(tenant, pressed("ana", begins="18:00", ends="08:00"))
    assert "'late' is no time of day" in str(buttons.save(tenant, pressed("ana", begins="late", ends="08:00")).card)
    await NOTICES.run(tenant, turn, "")
    assert "'value': '18:00'" in str(turn.sent[-1].card)
    with tenant.store.reading() as session:
        assert [event.tag for event in audit.events(session, "ana")] == [Tag.NOTICES_CONFIGURED]


async def test_a_run_that_was_erased_keeps_no_other_card_from_being_updated(tenant, connector, outbox):
    keep(tenant.store, make_agent(id="other"), make_run(id="second", agent_id="other", card_activity_id="m2"))
    await outbox.update_cards()
    assert "m2" in connector.shown
    outbox._shown["erased"] = ({}, 0.0)
    connector.shown.clear()
    with tenant.store.transaction() as session:
        runs.get_for_update(session, "second").progress = 0.5
    outbox._shown["second"] = ({}, 0.0)
    await outbox.update_cards()
    assert "m2" in connector.shown
    assert set(outbox._shown) == {"second"}
    await outbox._close_card("erased", REFERENCE)
