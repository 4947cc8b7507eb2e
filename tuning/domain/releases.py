"""A release: an adapter on its way from candidate to live, and back out."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.fields import UtcDateTime, new_id, now, one_per, words
from tuning.languages import mark, say

WHOLE = 100
"""Percent."""


class ReleaseState(StrEnum):
    """Where a release stands."""

    CANDIDATE = "candidate"
    SUBMITTED = "submitted"
    PILOT = "pilot"
    """The people of its audience whom an admin named get it, beside the live release if there is one."""
    CANARY = "canary"
    """A share of its audience gets it, beside the live release."""
    LIVE = "live"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    RETIRED = "retired"


STATES = {
    ReleaseState.CANDIDATE: mark("candidate"),
    ReleaseState.SUBMITTED: mark("submitted"),
    ReleaseState.PILOT: mark("pilot"),
    ReleaseState.CANARY: mark("canary"),
    ReleaseState.LIVE: mark("live"),
    ReleaseState.SUPERSEDED: mark("superseded"),
    ReleaseState.REJECTED: mark("rejected"),
    ReleaseState.SUSPENDED: mark("suspended"),
    ReleaseState.REVOKED: mark("revoked"),
    ReleaseState.RETIRED: mark("retired"),
}
"""What people call a state, within a sentence."""


FIRST = (ReleaseState.CANARY, ReleaseState.PILOT)
"""In which some of its audience get a release before the others."""


class Release(SQLModel, table=True):
    """One tuned adapter of an agent, with what an admin decides on."""

    __table_args__ = (
        UniqueConstraint("agent_id", "number"),
        one_per("agent_id", name="live_release", where="state = 'live'"),
        one_per("agent_id", name="canary_release", where="state IN ('canary', 'pilot')"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(index=True)
    run_id: str = Field(index=True, unique=True)
    number: int
    """1, 2, 3 ... in its agent."""
    state: ReleaseState = Field(default=ReleaseState.CANDIDATE, index=True, sa_type=words(ReleaseState))
    adapter_path: str
    """The GGUF file."""
    adapter_sha256: str
    peft_path: str
    """The folder of the peft adapter that the next run continues."""
    base_sha256: str
    """Of the base model that it was tuned on."""
    audience: list[str] = Field(default_factory=list, sa_type=JSON)
    note: str = ""
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    live_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    share: int = 0
    """Of its audience, in percent, that gets it while it is a canary."""
    canary_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it became one."""
    pilot: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals: who of its audience gets it while it is a pilot; until then, whom its owner proposes for that."""
    approved_by: str = ""
    """The admin who has approved it, while it waits for a data owner besides."""
    consented_by: str = ""
    """The data owner who has agreed."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def label(self) -> str:
        """How people call it: 'release 2'."""
        return say("release {number}", number=self.number)

    @property
    def _begins(self) -> str:
        """How a sentence about it begins."""
        return say("Release {number}", number=self.number)

    @property
    def _standing(self) -> str:
        return say(STATES[ReleaseState(self.state)])

    def submit(self, note: str) -> None:
        """Ask the admins to publish it."""
        self._must_be(ReleaseState.CANDIDATE)
        self.state, self.note, self.submitted_at = ReleaseState.SUBMITTED, note, now()

    def approve(self) -> None:
        """Make it the one that answers."""
        self._must_be(ReleaseState.SUBMITTED)
        self.state, self.live_at, self.approved_by = ReleaseState.LIVE, now(), ""

    def await_consent(self, admin_id: str, share: int, pilot: list[str]) -> None:
        """Keep an admin's approval, and who is to get it, until a data owner agrees."""
        self._must_be(ReleaseState.SUBMITTED)
        self.approved_by, self.share, self.pilot = admin_id, share, pilot

    def consent(self, person_id: str) -> None:
        """Keep a data owner's word; it lasts, whatever becomes of the admins'."""
        self._must_be(ReleaseState.SUBMITTED)
        self.consented_by = person_id

    def begin_canary(self, share: int) -> None:
        """Let a share of its audience, in percent, get it."""
        self._must_be(ReleaseState.SUBMITTED)
        must_be_part(share)
        self.state, self.share, self.canary_at, self.approved_by = ReleaseState.CANARY, share, now(), ""

    def begin_pilot(self, principal_ids: list[str]) -> None:
        """Let some people of its audience get it."""
        self._must_be(ReleaseState.SUBMITTED)
        self.state, self.pilot, self.approved_by = ReleaseState.PILOT, principal_ids, ""

    def let_in(self, principal_ids: list[str]) -> None:
        """Let further people of its audience get it."""
        self._must_be(ReleaseState.PILOT)
        self.pilot = list(dict.fromkeys([*self.pilot, *principal_ids]))

    def widen(self, share: int) -> None:
        """Let more of its audience get it."""
        self._must_be(ReleaseState.CANARY)
        must_be_part(share)
        if share <= self.share:
            msg = say(
                "{release} answers {share} % of its audience already: name a greater share.",
                release=self._begins,
                share=self.share,
            )
            raise WrongState(msg)
        self.share = share

    def complete(self) -> None:
        """Make a canary or pilot the one that answers everybody."""
        self._must_be(*FIRST)
        self.state, self.live_at = ReleaseState.LIVE, now()

    def roll_back(self) -> None:
        """End a canary or pilot: nobody gets it any more."""
        self._must_be(*FIRST)
        self.state = ReleaseState.REJECTED

    def wait_again(self) -> None:
        """End a canary or pilot whose live release has been stopped: it waits for a decision."""
        self._must_be(*FIRST)
        self.state = ReleaseState.SUBMITTED

    def withdraw(self) -> None:
        """Ask nobody any more to publish it."""
        self._must_be(ReleaseState.SUBMITTED)
        self._begin_again()

    def give_back(self) -> None:
        """End a canary or pilot whose live release has been retired: only its owner can bring it before anybody."""
        self._must_be(*FIRST)
        self._begin_again()

    def reject(self) -> None:
        """Turn it down."""
        self._must_be(ReleaseState.SUBMITTED)
        self.state = ReleaseState.REJECTED

    def supersede(self) -> None:
        """Give way to a newer release."""
        self._must_be(ReleaseState.LIVE)
        self.state = ReleaseState.SUPERSEDED

    def try_out(self) -> None:
        """Let its owner talk to it, whatever became of it; but what was stopped answers nobody."""
        if self.state in {ReleaseState.SUSPENDED, ReleaseState.REVOKED, ReleaseState.RETIRED}:
            msg = say(
                "{release} is {state}: it doesn't answer anybody any more.",
                release=self._begins,
                state=self._standing,
            )
            raise WrongState(msg)

    def revoke(self) -> None:
        """Stop it from answering at once."""
        self._must_be(ReleaseState.LIVE, ReleaseState.PILOT)
        self.state = ReleaseState.REVOKED

    def retire(self) -> None:
        """End its service in good order; what never was live can't be restored, so it is a candidate again."""
        self._must_be(ReleaseState.LIVE, ReleaseState.PILOT)
        if self.live_at is None:
            self._begin_again()
        else:
            self.state = ReleaseState.RETIRED

    def restore(self) -> None:
        """Let it answer again."""
        was_live = self.state in {ReleaseState.SUPERSEDED, ReleaseState.RETIRED} and self.live_at is not None
        if not was_live:
            msg = say(
                "{release} is {state}: only one that was live and not taken back can return.",
                release=self._begins,
                state=self._standing,
            )
            raise WrongState(msg)
        self.state, self.live_at = ReleaseState.LIVE, now()

    @property
    def can_answer(self) -> bool:
        """Whether it answers anybody, or may yet: on trial, live, or rolled back to."""
        return self.state not in {ReleaseState.SUSPENDED, ReleaseState.REVOKED}

    def suspend(self) -> None:
        """Stop it, because it must not answer with what it learned."""
        if not self.can_answer:
            msg = say("{release} is {state} already.", release=self._begins, state=self._standing)
            raise WrongState(msg)
        self.state = ReleaseState.SUSPENDED

    def _begin_again(self) -> None:
        """Become a candidate: no word on it counts that there was, and nobody is named to get it."""
        self.state, self.note, self.submitted_at = ReleaseState.CANDIDATE, "", None
        self.approved_by, self.consented_by = "", ""
        self.share, self.canary_at, self.pilot = 0, None, []

    def _must_be(self, state: ReleaseState, *others: ReleaseState) -> None:
        if self.state not in {state, *others}:
            msg = say(
                "{release} is {state}, not {wanted}: nothing was changed.",
                release=self._begins,
                state=self._standing,
                wanted=say(STATES[state]),
            )
            raise WrongState(msg)


def must_be_part(share: int) -> None:
    """Raise `InvalidInput` unless a share, in percent, is a part of an audience."""
    if not 0 < share < WHOLE:
        msg = say(
            "A canary answers from 1 to {most} % of its audience; {share} % can't be.", most=WHOLE - 1, share=share
        )
        raise InvalidInput(msg)


class CanaryRating(SQLModel, table=True):
    """What one person thought first, while a release was a canary: of an answer of it, or of the live release."""

    release_id: str = Field(primary_key=True)
    """The canary."""
    person_id: str = Field(primary_key=True, index=True)
    is_canary: bool
    """Whether the answer was the canary's."""
    is_good: bool
    """A thumb up; a thumb down or a correction is not."""
    rated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Decision(StrEnum):
    """What an admin or a data owner decided."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    RETIRED = "retired"
    RESTORED = "restored"
    ROLLED_BACK = "rolled back"
    """A canary or pilot; by an admin, or a canary by the test of its ratings."""
    CONSENTED = "consented"
    """A data owner agreed, besides the admin who approves."""


DECISIONS = {
    Decision.APPROVED: mark("approved"),
    Decision.REJECTED: mark("rejected"),
    Decision.REVOKED: mark("revoked"),
    Decision.RETIRED: mark("retired"),
    Decision.RESTORED: mark("restored"),
    Decision.ROLLED_BACK: mark("rolled back"),
    Decision.CONSENTED: mark("agreed to"),
}
"""What people call a decision, within a sentence."""


class Approval(SQLModel, table=True):
    """An admin's or a data owner's decision on a release."""

    id: str = Field(default_factory=new_id, primary_key=True)
    release_id: str = Field(index=True)
    decision: Decision = Field(sa_type=words(Decision))
    decided_by: str
    reason: str = ""
    decided_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
