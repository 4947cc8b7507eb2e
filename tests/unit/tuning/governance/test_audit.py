"""The audit for those who check it: anchors outside the store, exports that verify, pages."""

import csv
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.factories import keep, make_agent, make_release
from tests.tampering import unguard
from tuning.domain import audit as domain
from tuning.domain.audit import GENESIS, Anchor, AuditEvent, Tag
from tuning.domain.errors import InvalidInput, NotAllowed
from tuning.governance import audit
from tuning.governance.audit import Format
from tuning.store import audit as stored


@pytest.fixture
def anchors(tmp_path):
    return tmp_path / "elsewhere" / "anchors.jsonl"


def record(store, count, **detail):
    with store.transaction() as session:
        return [stored.record(session, Tag.RUN_STARTED, "ana", "run", **detail) for _ in range(count)]


def all_events(session: Session) -> list[AuditEvent]:
    return list(session.exec(select(AuditEvent).order_by(AuditEvent.id)))  # type: ignore[arg-type]


def broken(store, anchors):
    link = audit.verify(store, anchors)
    assert link is not None
    return link.event_id, link.sentence


def test_an_untouched_chain_holds_with_all_its_anchors(store, anchors):
    assert audit.anchor(store, anchors) is None
    for _ in range(3):
        record(store, 2)
        assert audit.anchor(store, anchors) is not None
        assert audit.anchor(store, anchors) is None
    assert [one.event_id for one in audit.read_anchors(anchors)] == [2, 4, 6]
    assert audit.verify(store, anchors) is None


def test_an_end_that_was_cut_off_is_found_by_an_anchor_only(store, anchors):
    record(store, 5)
    audit.anchor(store, anchors)
    with store.transaction() as session:
        unguard(session)
        for event in all_events(session)[3:]:
            session.delete(event)
    assert audit.verify(store, anchors.with_name("none")) is None
    event_id, sentence = broken(store, anchors)
    assert event_id == 5
    assert "the chain ends with event 3" in sentence


def test_a_chain_made_anew_with_fitting_hashes_is_found_by_an_anchor_only(store, anchors):
    record(store, 5)
    audit.anchor(store, anchors)
    with store.transaction() as session:
        unguard(session)
        previous = GENESIS
        for event in all_events(session):
            event.actor_id = "bo" if event.id == 4 else event.actor_id
            event.previous, event.hash = previous, ""
            previous = event.hash = event.digest()
            session.add(event)
    assert audit.verify(store, anchors.with_name("none")) is None
    assert broken(store, anchors)[0] == 5


def test_it_says_what_was_done_to_the_first_broken_link(store, anchors):
    events = record(store, 6)

    def said(changed):
        link = domain.first_broken_link(changed)
        return link and link.sentence

    def edited(event):
        return AuditEvent(**{**event.model_dump(), "actor_id": "bo"})

    one, two, three, four, five, six = events
    assert said([one, edited(two), three, edited(four)]) == "Event 2 was changed after it was recorded."
    assert "missing between events 1 and 3" in said([one, three, four])
    assert "missing before event 2" in said([two, three])
    assert "Event 4 is out of order" in said([one, two, four, three, five, six])


def chained(details):
    """A chain of events as the store makes it."""
    made: list[AuditEvent] = []
    for number, detail in enumerate(details, start=1):
        previous = made[-1].hash if made else GENESIS
        event = AuditEvent(
            id=number, tag=Tag.RUN_STARTED, actor_id="ana", subject_id="run", detail=detail, previous=previous, hash=""
        )
        event.hash = event.digest()
        made.append(event)
    return made


def renumbered(events):
    """The events under the ids that they would have at their places."""
    return [AuditEvent(**{**event.model_dump(), "id": number}) for number, event in enumerate(events, start=1)]


def found(events, anchors=()):
    link = domain.first_broken_link(events, anchors)
    return link and link.event_id


CHAINS = st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=3), max_size=2), min_size=2, max_size=8)
EDITS = {
    "tag": Tag.RUN_FAILED,
    "actor_id": "somebody else",
    "subject_id": "another",
    "detail": {"made": "up"},
    "at": datetime(2001, 1, 1, tzinfo=UTC),
    "previous": "0" * 63 + "1",
    "hash": "f" * 64,
}


@given(CHAINS, st.data())
def test_any_edit_of_any_field_of_any_event_is_found_where_it_is(details, data):
    events = chained(details)
    where = data.draw(st.integers(0, len(events) - 1))
    field = data.draw(st.sampled_from(sorted(EDITS)))
    events[where] = AuditEvent(**{**events[where].model_dump(), field: EDITS[field]})
    assert found(events) == where + 1


@given(CHAINS, st.data())
def test_an_edit_whose_hash_fits_is_found_at_the_next_event_or_by_an_anchor(details, data):
    events = chained(details)
    head = Anchor(at=events[-1].at, event_id=len(events), hash=events[-1].hash)
    where = data.draw(st.integers(0, len(events) - 1))
    forged = AuditEvent(**{**events[where].model_dump(), "actor_id": "somebody else"})
    forged.hash = forged.digest()
    events[where] = forged
    is_last = where == len(events) - 1
    assert found(events) == (None if is_last else where + 2)
    assert found(events, [head]) == min(where + 2, len(events))


@given(CHAINS, st.data())
def test_any_gap_is_found_at_the_event_after_it_or_by_an_anchor(details, data):
    events = chained(details)
    head = Anchor(at=events[-1].at, event_id=len(events), hash=events[-1].hash)
    first = data.draw(st.integers(0, len(events) - 1))
    last = data.draw(st.integers(first, len(events) - 1))
    left = events[:first] + events[last + 1 :]
    assert found(left) == (left[first].id if last < len(events) - 1 else None)
    assert found(left, [head]) is not None


@given(CHAINS, st.data())
def test_any_other_order_is_found_at_the_first_event_that_moved(details, data):
    events = chained(details)
    order = data.draw(st.permutations(range(len(events))))
    moved = next((number for number, place in enumerate(order, start=1) if place != number - 1), None)
    assert found(renumbered([events[place] for place in order])) == moved


def test_a_file_of_anchors_that_was_tampered_with_is_refused(store, anchors):
    record(store, 1)
    audit.anchor(store, anchors)
    anchors.write_text(anchors.read_text() + "{}\n")
    with pytest.raises(InvalidInput, match="Line 2 of"):
        audit.verify(store, anchors)


def test_json_lines_can_be_verified_again_and_show_an_edit(store):
    record(store, 3, note='Größe; "quoted"')
    with store.reading() as session:
        exported = list(audit.lines(stored.chain(session), Format.JSONL))
    assert domain.first_broken_link(map(audit.read_line, exported)) is None
    forged = [exported[0], json.dumps({**json.loads(exported[1]), "actor_id": "bo"}), exported[2]]
    link = domain.first_broken_link(map(audit.read_line, forged))
    assert link is not None
    assert link.event_id == 2
    for line in ("[]", "{", '{"tag": "world:ended"}'):
        with pytest.raises(InvalidInput):
            audit.read_line(line)


def test_csv_holds_every_column_and_no_formula(store):
    with store.transaction() as session:
        stored.record(session, Tag.ACT_REFUSED, "ana", '=HYPERLINK("https://evil.example")', note="a,\n;b")
    with store.reading() as session:
        header, row = csv.reader("".join(audit.lines(stored.chain(session), Format.CSV)).splitlines(keepends=True))
    assert tuple(header) == audit.COLUMNS
    assert row[4] == '\'=HYPERLINK("https://evil.example")'
    assert json.loads(row[5]) == {"note": "a,\n;b"}


def test_pages_go_back_to_the_first_event_without_doubles(tenant):
    keep(tenant.store, make_agent(), make_release())
    record(tenant.store, 25, agent_id="agent")
    record(tenant.store, 3, agent_id="other")
    seen: list[int] = []
    older = True
    while older:
        found, older = audit.page(tenant, "cy", before=seen[-1] if seen else 0, about="agent")
        seen += [event.id or 0 for event in found]
    assert seen == list(range(25, 0, -1))
    with pytest.raises(NotAllowed):
        audit.page(tenant, "ana", about="agent")
