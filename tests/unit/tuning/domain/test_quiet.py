"""Quiet hours: when a message that is written at some moment goes out."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.domain.errors import InvalidInput
from tuning.domain.quiet import QuietHours

CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu")
NIGHT = {"begins": time(18), "ends": time(8)}


def at(text):
    """A moment of November 2026, in UTC; the 24th is a Tuesday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "written", "due"),
    [
        ({}, "24 03:00", None),
        (NIGHT, "24 12:00", None),
        (NIGHT, "24 18:00", "25 08:00"),
        (NIGHT, "25 07:59", "25 08:00"),
        (NIGHT, "25 08:00", None),
        ({"begins": time(12), "ends": time(13)}, "24 12:30", "24 13:00"),
        ({**NIGHT, "is_weekend_quiet": True}, "27 20:00", "30 08:00"),
        ({"is_weekend_quiet": True}, "28 10:00", "30 00:00"),
        ({"digest_at": time(9)}, "24 09:00", "25 09:00"),
        ({"digest_at": time(9)}, "24 08:00", "24 09:00"),
        ({"digest_at": time(20), **NIGHT}, "24 12:00", "25 08:00"),
        ({"zone": "Europe/Berlin", **NIGHT}, "24 17:30", "25 07:00"),
        ({"zone": "America/New_York", **NIGHT}, "24 12:30", "24 13:00"),
    ],
)
def test_when_a_message_goes_out(chosen, written, due):
    assert QuietHours(person_id="ana", **chosen).held_until(at(written)) == (at(due) if due else None)


@given(
    st.fixed_dictionaries(
        {"begins": CLOCKS, "ends": CLOCKS, "is_weekend_quiet": st.booleans(), "zone": st.sampled_from(ZONES)}
    ).filter(lambda chosen: chosen["begins"] != chosen["ends"]),
    st.none() | CLOCKS,
    st.integers(0, 366 * 24 * 60),
)
def test_everything_goes_out_within_a_few_days_and_never_in_quiet_hours(chosen, digest_at, minutes):
    written = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = QuietHours(person_id="ana", digest_at=digest_at, **chosen).held_until(written) or written
    assert timedelta() <= due - written < timedelta(days=5)
    assert QuietHours(person_id="ana", **chosen).held_until(due) is None


@pytest.mark.parametrize("chosen", [{"begins": time(8)}, {"ends": time(8)}, {"begins": time(8), "ends": time(8)}])
def test_hours_that_make_no_sense_are_refused(chosen):
    with pytest.raises(InvalidInput):
        QuietHours(person_id="ana", **chosen).must_make_sense()
