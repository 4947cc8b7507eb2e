"""A grant: the right to make and tune agents, asked for with a reason and given to one person for a while."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Field, SQLModel

from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, one_per, words
from tuning.languages import mark, moment, say

ONCE, FOR_GOOD = "once", "for good"
MAX_DAYS = 365


class GrantState(StrEnum):
    """Where it stands."""

    ASKED = "asked"
    GRANTED = "granted"
    DECLINED = "declined"
    ENDED = "ended"
    """Used up, run out, taken back, or given anew."""


STATES = {
    GrantState.ASKED: mark("asked"),
    GrantState.GRANTED: mark("granted"),
    GrantState.DECLINED: mark("declined"),
    GrantState.ENDED: mark("ended"),
}
"""What people call a state, within a sentence."""


class Grant(SQLModel, table=True):
    """One person's request, and what an admin made of it."""

    __table_args__ = (one_per("person_id", name="open_grant", where="state IN ('asked', 'granted')"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(index=True)
    justification: str = ""
    """Why the person needs it; empty if an admin gave it unasked."""
    state: GrantState = Field(default=GrantState.ASKED, index=True, sa_type=words(GrantState))
    is_once: bool = False
    """Whether it ends with the first run that is started."""
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str = ""
    reason: str = ""
    """What the admin wrote to it."""
    asked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def holds(self, at: datetime) -> bool:
        """Return whether it lets the person make and tune agents at that moment."""
        return self.state == GrantState.GRANTED and (self.expires_at is None or at < self.expires_at)

    @property
    def term(self) -> str:
        """How long it lasts, in words."""
        if self.is_once:
            return say("for one run")
        return say("until {moment} UTC", moment=moment(self.expires_at)) if self.expires_at else say("for good")

    def give(self, admin_id: str, term: str, at: datetime) -> None:
        """Let the person, for 'once', a number of days, or 'for good'; raise `InvalidInput` for another term."""
        self._must_be(GrantState.ASKED)
        days = int(term) if term.isascii() and term.isdigit() and len(term) <= len(str(MAX_DAYS)) else 0
        if term not in {ONCE, FOR_GOOD} and not 1 <= days <= MAX_DAYS:
            msg = say(
                "Say for how long: '{once}', '{for_good}', or a number of days from 1 to {most}.",
                once=ONCE,
                for_good=FOR_GOOD,
                most=MAX_DAYS,
            )
            raise InvalidInput(msg)
        self.state, self.decided_by, self.decided_at = GrantState.GRANTED, admin_id, at
        self.is_once, self.expires_at = term == ONCE, at + timedelta(days=days) if days else None

    def decline(self, admin_id: str, reason: str, at: datetime) -> None:
        """Turn it down."""
        self._must_be(GrantState.ASKED)
        self.state, self.decided_by, self.reason, self.decided_at = GrantState.DECLINED, admin_id, reason, at

    def end(self) -> None:
        """Take it out of force."""
        self._must_be(GrantState.GRANTED)
        self.state = GrantState.ENDED

    def _must_be(self, state: GrantState) -> None:
        if self.state != state:
            msg = say(
                "This request for access is {state}, not {wanted}: nothing was changed.",
                state=say(STATES[GrantState(self.state)]),
                wanted=say(STATES[state]),
            )
            raise WrongState(msg)
