"""Quiet hours: when a person wants no messages unasked, and when they want them all in one."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Field, SQLModel

from tuning.domain.errors import InvalidInput
from tuning.languages import say

SATURDAY = 5


class QuietHours(SQLModel, table=True):
    """What one person chose; without a row, messages come as they are written. All times are those of `zone`."""

    person_id: str = Field(primary_key=True)
    begins: time | None = None
    """When no messages come any more, until `ends`; both or neither."""
    ends: time | None = None
    is_weekend_quiet: bool = False
    """Whether nothing comes on Saturdays and Sundays."""
    digest_at: time | None = None
    """When everything comes in one message, once a day."""
    zone: str = "UTC"
    """The IANA name of the person's time zone."""

    def must_make_sense(self) -> None:
        """Raise `InvalidInput` for hours without an end or a beginning, or that never end."""
        if (self.begins is None) != (self.ends is None):
            raise InvalidInput(say("Say both when the quiet hours begin and when they end, or neither."))
        if self.begins is not None and self.begins == self.ends:
            raise InvalidInput(say("Quiet hours can't end when they begin: nothing would ever reach you."))

    def held_until(self, at: datetime) -> datetime | None:
        """Return when a message that is written at a moment should be sent; None if at once."""
        written = at.astimezone(ZoneInfo(self.zone))
        due = self._next(written, self.digest_at) if self.digest_at else written
        while (over := self._quiet_until(due)) is not None:
            due = over
        return due.astimezone(UTC) if due > written else None

    def _quiet_until(self, at: datetime) -> datetime | None:
        """Return when the quiet that there is at a moment is over; None if there is none."""
        if self.is_weekend_quiet and at.weekday() >= SATURDAY:
            return self._on(at + timedelta(days=7 - at.weekday()), time())
        if self.begins is None or self.ends is None:
            return None
        is_over_night = self.begins > self.ends
        after_begin, before_end = at.time() >= self.begins, at.time() < self.ends
        is_quiet = (after_begin or before_end) if is_over_night else (after_begin and before_end)
        return self._next(at, self.ends) if is_quiet else None

    def _next(self, at: datetime, clock: time) -> datetime:
        """Return when a clock shows that time next."""
        today = self._on(at, clock)
        return today if today > at else self._on(at + timedelta(days=1), clock)

    def _on(self, day: datetime, clock: time) -> datetime:
        return datetime.combine(day.date(), clock, tzinfo=ZoneInfo(self.zone))
