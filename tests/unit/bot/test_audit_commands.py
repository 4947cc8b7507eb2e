"""Admins check the audit and take it along from chat."""

from dataclasses import replace

import pytest

from bot.commands.audit_export import AUDIT_EXPORT
from bot.commands.audit_verify import AUDIT_VERIFY
from bot.turn import FileOffer
from tests.factories import make_tenant
from tests.fakes.turn import FakeTurn
from tests.tampering import unguard
from tuning.domain.audit import Tag, first_broken_link
from tuning.domain.errors import NotAllowed, WrongState
from tuning.governance import audit as governed
from tuning.governance.audit import read_line
from tuning.store import audit, drafts


@pytest.fixture
def tenant(store, tmp_path):
    with store.transaction() as session:
        for number in range(3):
            audit.record(session, Tag.AGENT_CREATED, "ana", f"agent{number}")
    return replace(make_tenant(store, tmp_path), audit_anchor=tmp_path / "anchors.jsonl")


async def test_the_whole_chain_is_checked(tenant):
    turn = FakeTurn("audit verify", person_id="cy")
    await AUDIT_VERIFY.run(tenant, turn, "")
    assert turn.said == "The audit is whole up to event 3: no event was changed, moved or removed."
    with tenant.store.transaction() as session:
        unguard(session)
        event = audit.events(session, "agent1")[0]
        event.actor_id = "eve"
        session.add(event)
    await AUDIT_VERIFY.run(tenant, turn, "")
    assert turn.said == "Event 2 was changed after it was recorded."


async def test_an_export_can_be_verified_and_is_kept_once(tenant):
    turn = FakeTurn("audit export", person_id="cy")
    for _ in range(2):
        await AUDIT_EXPORT.run(tenant, turn, "")
    offers = [sent.file for sent in turn.sent if isinstance(sent.file, FileOffer)]
    with tenant.store.reading() as session:
        kept = drafts.get(session, offers[1].draft_id)
        events = [read_line(line) for line in kept.content.decode().splitlines()]
        assert session.get(type(kept), offers[0].draft_id) is None
        assert audit.events(session, "cy")[-1].tag is Tag.AUDIT_EXPORTED
    assert first_broken_link(events) is None
    assert [event.subject_id for event in events] == ["agent0", "agent1", "agent2", "cy"]
    assert "audit verify" in offers[1].about


async def test_only_admins_have_it(tenant):
    for command in (AUDIT_VERIFY, AUDIT_EXPORT):
        with pytest.raises(NotAllowed):
            await command.run(tenant, FakeTurn(command.words, person_id="ana"), "")


async def test_what_is_too_long_for_a_chat_is_left_to_the_program(tenant, monkeypatch):
    monkeypatch.setattr(governed, "MAX_EXPORT", 300)
    with pytest.raises(WrongState, match="attune audit export"):
        await AUDIT_EXPORT.run(tenant, FakeTurn("audit export", person_id="cy"), "")
