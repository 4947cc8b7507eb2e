"""Whatever somebody does to the rows of the audit, past Attune and on both databases, verifying names the event."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.tampering import unguard
from tuning.domain.audit import Tag
from tuning.governance.audit import anchor, verify
from tuning.store import audit

EDITS = {
    "tag": "'run:failed'",
    "tag, to none there is": "'world:ended'",
    "actor_id": "'bo'",
    "subject_id": "'another'",
    "detail": """'{"made": "up"}'""",
    "at": "'2001-01-01 00:00:00.000000'",
    "previous": f"'{'1' * 64}'",
    "hash": f"'{'f' * 64}'",
}


@pytest.fixture
def anchors(store, tmp_path):
    """Six events, anchored."""
    with store.transaction() as session:
        for number in range(6):
            audit.record(session, Tag.RUN_STARTED, "ana", "run", number=number)
    path = tmp_path / "anchors.jsonl"
    anchor(store, path)
    return path


def change(store, statement):
    with store.transaction() as session:
        unguard(session)
        session.connection().execute(text(statement))


def broken(store, anchors):
    link = verify(store, anchors)
    return link and link.event_id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auditevent SET actor_id = 'bo' WHERE id = 3",
        "UPDATE auditevent SET id = 99 WHERE id = 6",
        "DELETE FROM auditevent WHERE id = 6",
        "DELETE FROM auditevent",
    ],
)
def test_the_database_refuses_to_change_or_delete_events(store, anchors, statement):
    with pytest.raises(DBAPIError, match="only ever added to"), store.transaction() as session:
        session.connection().execute(text(statement))
    assert broken(store, anchors) is None


@pytest.mark.parametrize("event_id", [1, 3, 6])
@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_of_every_column(store, anchors, edit, event_id):
    assert broken(store, anchors) is None
    change(store, f"UPDATE auditevent SET {edit.partition(',')[0]} = {EDITS[edit]} WHERE id = {event_id}")
    assert broken(store, anchors) == event_id


def test_of_several_the_first_is_named_though_a_later_one_cannot_be_read(store, anchors):
    change(store, "UPDATE auditevent SET tag = 'world:ended' WHERE id = 5")
    assert broken(store, anchors) == 5
    change(store, "UPDATE auditevent SET actor_id = 'bo' WHERE id = 2")
    assert broken(store, anchors) == 2


@pytest.mark.parametrize(("gone", "named"), [("1", 2), ("3", 4), ("2, 3, 4", 5), ("6", 6), ("1, 2, 3, 4, 5, 6", 6)])
def test_every_gap(store, anchors, gone, named):
    change(store, f"DELETE FROM auditevent WHERE id IN ({gone})")
    assert broken(store, anchors) == named


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 5), (5, 6)])
def test_every_other_order(store, anchors, one, other):
    for before, after in ((one, 99), (other, one), (99, other)):
        change(store, f"UPDATE auditevent SET id = {after} WHERE id = {before}")
    assert broken(store, anchors) == one
