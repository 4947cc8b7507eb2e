"""Who may do what in chat, as one table: every command and button, by role, by the state of what it is about.

`python -m bot.matrix` writes it into docs/governance.md, and the tests try every cell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any

from adaptive_cards.verbs import Verb
from tuning.domain.agents import AgentState
from tuning.domain.audit import Tag
from tuning.domain.feedback import FeedbackState
from tuning.domain.grants import GrantState
from tuning.domain.notices import NoticeState
from tuning.domain.permissions import Permission
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import rules

DOCUMENT = Path("docs/governance.md")


class Role(StrEnum):
    """What a person can be to an agent, in a policy that lets the whole organisation make agents."""

    OWNER = "owner"
    OWNING_ADMIN = "owner and admin"
    ADMIN = "admin"
    ASKER = "asker"
    """In the audience; got the answer that the feedback is about."""
    DATA_OWNER = "data owner"
    """In the audience; one of those in the policy who must agree to releases."""
    COLLEAGUE = "colleague"
    """In the audience."""
    OUTSIDER = "outsider"
    """In the organisation, not in the audience."""
    GUEST = "guest"
    """In the directory, not in the organisation."""
    STRANGER = "stranger"
    """Not in the directory."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a role is to the subject of an act; see `rules.Standing`."""

    is_known: bool = True
    is_admin: bool = False
    is_owner: bool = False
    is_data_owner: bool = False
    is_anothers: bool = True
    is_tuning_on: bool = True
    is_maker: bool = True
    is_tuner: bool = True
    is_answering: bool = True
    is_in_audience: bool = True
    is_asker: bool = False


STANDINGS: Mapping[Role, Standing] = {
    Role.OWNER: Standing(is_owner=True, is_anothers=False),
    Role.OWNING_ADMIN: Standing(is_owner=True, is_anothers=False, is_admin=True),
    Role.ADMIN: Standing(is_admin=True),
    Role.ASKER: Standing(is_asker=True),
    Role.DATA_OWNER: Standing(is_data_owner=True),
    Role.COLLEAGUE: Standing(),
    Role.OUTSIDER: Standing(is_in_audience=False),
    Role.GUEST: Standing(is_in_audience=False, is_maker=False, is_tuner=False),
    Role.STRANGER: Standing(is_known=False, is_in_audience=False, is_maker=False, is_tuner=False),
}

State = AgentState | RunState | ReleaseState | FeedbackState | GrantState | NoticeState


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a command or button is about."""

    permission: Permission | None
    """None: everybody in the directory may, and sees only what is theirs."""
    about: type[State] | None = None
    """The states of what it is about."""
    possible: frozenset[State] = frozenset()
    """The states in which it can be done."""
    leaves: Tag | None = None
    """What the audit says once it is done; None: it changes nothing that is governed."""

    @property
    def states(self) -> tuple[State | None, ...]:
        """Every state there is a row for."""
        return tuple(self.about) if self.about else (None,)

    def may(self, role: Role, state: State | None) -> bool:
        """Return whether somebody may do it to something in that state."""
        standing = STANDINGS[role]
        if state is not None and state not in self.possible:
            return False
        return standing.is_known if self.permission is None else not rules.objection(self.permission, standing)

    def cells(self, state: State | None) -> tuple[str, ...]:
        """Return what the table says of a state, role by role."""
        return tuple("yes" if self.may(role, state) else "-" for role in Role)


def _on(
    permission: Permission, about: type[State], states: Iterable[State] | None = None, leaves: Tag | None = None
) -> Act:
    possible = frozenset(about if states is None else states)
    return Act(permission=permission, about=about, possible=possible, leaves=leaves)


_LIVE = (AgentState.LIVE, AgentState.LIVE_TUNING)
_SERVING = (*_LIVE, AgentState.PAUSED)
_AT_REST = (AgentState.DRAFT, AgentState.IDLE, AgentState.LIVE, AgentState.PAUSED)
_UNUSED = (AgentState.DRAFT, AgentState.IDLE)
_TUNING = (AgentState.TUNING, AgentState.LIVE_TUNING)
_READY = (AgentState.IDLE, AgentState.LIVE, AgentState.PAUSED)
_STOPPED = (ReleaseState.SUSPENDED, ReleaseState.REVOKED, ReleaseState.RETIRED)
_ON_TRIAL = tuple(state for state in ReleaseState if state not in _STOPPED)
_OPEN_RUN = (RunState.QUEUED, RunState.RUNNING, RunState.LABELLING)
_UNREAD = (FeedbackState.NEW, FeedbackState.WITHDRAWN)
_TAKEN = (FeedbackState.NEW, FeedbackState.ACCEPTED)
_ASK, _CONFIGURE = Permission.AGENT_ASK, Permission.AGENT_CONFIGURE
_APPROVE = _on(Permission.RELEASE_APPROVE, ReleaseState, [ReleaseState.SUBMITTED], Tag.RELEASE_APPROVED)
_CONSENT = _on(Permission.RELEASE_CONSENT, ReleaseState, [ReleaseState.SUBMITTED], Tag.RELEASE_CONSENTED)
_REJECT = _on(Permission.RELEASE_REJECT, ReleaseState, [ReleaseState.SUBMITTED], Tag.RELEASE_REJECTED)
_PAUSE = _on(Permission.AGENT_PAUSE, AgentState, _LIVE, Tag.AGENT_PAUSED)
_RESUME = _on(Permission.AGENT_PAUSE, AgentState, [AgentState.PAUSED], Tag.AGENT_RESUMED)
_HAND_OVER = _on(Permission.AGENT_HAND_OVER, AgentState, _AT_REST, Tag.AGENT_HANDED_OVER)
_RATED = _on(Permission.RELEASE_RATE, ReleaseState, [ReleaseState.CANDIDATE])
_EVERYBODY = Act(permission=None)

BUTTONS: Mapping[Verb, Act] = {
    Verb.AGENTS_OPEN: _EVERYBODY,
    Verb.MY_AGENTS_OPEN: _EVERYBODY,
    Verb.AGENT_PICK: _on(_ASK, AgentState, _LIVE),
    Verb.AGENT_MANAGE: _on(_CONFIGURE, AgentState),
    Verb.AGENT_PAUSE: _PAUSE,
    Verb.AGENT_RESUME: _RESUME,
    Verb.AGENT_HAND_OVER: _HAND_OVER,
    Verb.AGENT_DELETE: _on(Permission.AGENT_DELETE, AgentState, _UNUSED, Tag.AGENT_DELETED),
    Verb.RETRAINING_SAVE: _on(_CONFIGURE, AgentState, leaves=Tag.AGENT_CONFIGURED),
    Verb.STARTER_ASK: _on(_ASK, AgentState, _LIVE),
    Verb.FOLLOW_UP_ASK: _on(_ASK, AgentState, _LIVE),
    Verb.WIZARD_CREATE: Act(permission=Permission.AGENT_CREATE, leaves=Tag.AGENT_CREATED),
    Verb.WIZARD_DETAILS: _on(_CONFIGURE, AgentState, leaves=Tag.AGENT_CONFIGURED),
    Verb.WIZARD_OPEN: _on(_CONFIGURE, AgentState),
    Verb.WIZARD_ABOUT: _on(_CONFIGURE, AgentState, leaves=Tag.AGENT_CONFIGURED),
    Verb.WIZARD_SOURCES: _on(_CONFIGURE, AgentState, _AT_REST, Tag.AGENT_CONFIGURED),
    Verb.WIZARD_MORE: _on(_CONFIGURE, AgentState),
    Verb.WIZARD_FIND: _on(_CONFIGURE, AgentState),
    Verb.WIZARD_INSIDE: _on(_CONFIGURE, AgentState),
    Verb.WIZARD_ADD: _on(_CONFIGURE, AgentState),
    Verb.WIZARD_AUDIENCE: _on(_CONFIGURE, AgentState, _AT_REST, Tag.AGENT_CONFIGURED),
    Verb.WIZARD_SEARCH: _on(_CONFIGURE, AgentState),
    Verb.SAMPLES_OPEN: _on(Permission.AGENT_LABEL, AgentState),
    Verb.SAMPLE_LABEL: _on(Permission.AGENT_LABEL, AgentState, leaves=Tag.SAMPLE_LABELLED),
    Verb.PAIRS_OPEN: _on(Permission.AGENT_LABEL, AgentState),
    Verb.PAIRS_FIND: _on(Permission.AGENT_LABEL, AgentState, leaves=Tag.PAIRS_PROPOSED),
    Verb.PAIRS_ACCEPT: _on(Permission.AGENT_LABEL, AgentState, leaves=Tag.PAIR_ACCEPTED),
    Verb.PAIR_ACCEPT: _on(Permission.AGENT_LABEL, AgentState, leaves=Tag.PAIR_ACCEPTED),
    Verb.PAIR_REJECT: _on(Permission.AGENT_LABEL, AgentState, leaves=Tag.PAIR_REJECTED),
    Verb.RUN_START: _on(Permission.RUN_START, AgentState, _READY, Tag.RUN_STARTED),
    Verb.RUN_GO_ON: _on(Permission.RUN_START, RunState, [RunState.LABELLING], Tag.RUN_WENT_ON),
    Verb.RUN_CANCEL: _on(Permission.RUN_CANCEL, RunState, _OPEN_RUN, Tag.RUN_CANCELLED),
    Verb.RUN_RETRY: _on(Permission.RUN_START, RunState, [RunState.FAILED, RunState.CANCELLED], Tag.RUN_STARTED),
    Verb.RELEASE_OPEN: _on(Permission.RELEASE_TRY, ReleaseState),
    Verb.EXAMPLES_OPEN: _on(Permission.RELEASE_TRY, ReleaseState),
    Verb.BLIND_OPEN: _RATED,
    Verb.BLIND_FURTHER: _RATED,
    Verb.BLIND_RATE: _on(Permission.RELEASE_RATE, ReleaseState, [ReleaseState.CANDIDATE], Tag.RELEASE_RATED),
    Verb.REPORT_OPEN: _on(Permission.RELEASE_TRY, ReleaseState, leaves=Tag.REPORT_HANDED_OUT),
    Verb.RELEASE_TRY: _on(Permission.RELEASE_TRY, ReleaseState, _ON_TRIAL),
    Verb.RELEASE_SUBMIT: _on(Permission.RELEASE_SUBMIT, ReleaseState, [ReleaseState.CANDIDATE], Tag.RELEASE_SUBMITTED),
    Verb.RELEASE_WITHDRAW: _on(
        Permission.RELEASE_SUBMIT, ReleaseState, [ReleaseState.SUBMITTED], Tag.RELEASE_WITHDRAWN
    ),
    Verb.APPROVALS_OPEN: Act(permission=Permission.APPROVALS_READ),
    Verb.CASE_OPEN: _on(Permission.RELEASE_REJECT, ReleaseState, set(ReleaseState) - {ReleaseState.CANDIDATE}),
    Verb.RELEASE_APPROVE: _APPROVE,
    Verb.RELEASE_CONSENT: _CONSENT,
    Verb.RELEASE_REJECT: _REJECT,
    Verb.RELEASE_HISTORY: _on(Permission.RELEASE_HISTORY, AgentState),
    Verb.FEEDBACK_CORRECT: _on(Permission.FEEDBACK_GIVE, FeedbackState, _UNREAD, Tag.FEEDBACK_GIVEN),
    Verb.FEEDBACK_OPEN: _EVERYBODY,
    Verb.FEEDBACK_CHANGE: _on(Permission.FEEDBACK_GIVE, FeedbackState, [FeedbackState.NEW], Tag.FEEDBACK_GIVEN),
    Verb.FEEDBACK_WITHDRAW: _on(Permission.FEEDBACK_GIVE, FeedbackState, _TAKEN, Tag.FEEDBACK_WITHDRAWN),
    Verb.DRAFT_SAVE: Act(permission=Permission.FEEDBACK_GIVE),
    Verb.INBOX_OPEN: _on(Permission.FEEDBACK_REVIEW, AgentState),
    Verb.INBOX_ACCEPT: _on(Permission.FEEDBACK_REVIEW, FeedbackState, [FeedbackState.NEW], Tag.FEEDBACK_ACCEPTED),
    Verb.INBOX_MERGE: _on(Permission.FEEDBACK_REVIEW, FeedbackState, [FeedbackState.NEW], Tag.FEEDBACK_ACCEPTED),
    Verb.INBOX_REJECT: _on(Permission.FEEDBACK_REVIEW, FeedbackState, [FeedbackState.NEW], Tag.FEEDBACK_REJECTED),
    Verb.PERSON_ERASE: Act(permission=Permission.PERSON_ERASE, leaves=Tag.PERSON_ERASED),
    Verb.DOCUMENT_ERASE: Act(permission=Permission.DOCUMENT_ERASE, leaves=Tag.DOCUMENT_ERASED),
    Verb.INVENTORY_OPEN: Act(permission=Permission.AUDIT_READ),
    Verb.AUDIT_OPEN: Act(permission=Permission.AUDIT_READ),
    Verb.USAGE_OPEN: _on(Permission.USAGE_READ, AgentState),
    Verb.HOLDERS_OPEN: Act(permission=Permission.ACCESS_DECIDE),
    Verb.REQUESTS_OPEN: Act(permission=Permission.ACCESS_DECIDE),
    Verb.REQUEST_OPEN: _on(Permission.ACCESS_DECIDE, GrantState),
    Verb.ACCESS_ASK: Act(permission=Permission.ACCESS_ASK, leaves=Tag.ACCESS_ASKED),
    Verb.ACCESS_GRANT: _on(Permission.ACCESS_DECIDE, GrantState, [GrantState.ASKED], Tag.ACCESS_GRANTED),
    Verb.ACCESS_DECLINE: _on(Permission.ACCESS_DECIDE, GrantState, [GrantState.ASKED], Tag.ACCESS_DECLINED),
    Verb.ACCESS_END: _on(Permission.ACCESS_DECIDE, GrantState, [GrantState.GRANTED], Tag.ACCESS_ENDED),
    Verb.NOTICES_SAVE: Act(permission=None, leaves=Tag.NOTICES_CONFIGURED),
    Verb.DIGEST_OPEN: _on(Permission.NOTICE_OPEN, NoticeState),
    Verb.NOTICE_OPEN: _on(Permission.NOTICE_OPEN, NoticeState, [NoticeState.SENT]),
    Verb.POLICY_SAVE: Act(permission=Permission.POLICY_CHANGE, leaves=Tag.POLICY_CHANGED),
    Verb.POLICY_SEARCH: Act(permission=Permission.POLICY_CHANGE),
}

COMMANDS: Mapping[str, Act] = {
    "help": _EVERYBODY,
    "agents": _EVERYBODY,
    "new": _on(_ASK, AgentState, _LIVE),
    "my feedback": _EVERYBODY,
    "sign in": _EVERYBODY,
    "my agents": _EVERYBODY,
    "create agent": Act(permission=Permission.AGENT_CREATE),
    "upload": Act(permission=Permission.AGENT_CREATE),
    "request access": Act(permission=Permission.ACCESS_ASK),
    "inbox": _EVERYBODY,
    "report": _on(Permission.RELEASE_TRY, ReleaseState, leaves=Tag.REPORT_HANDED_OUT),
    "approvals": Act(permission=Permission.APPROVALS_READ),
    "approve": _APPROVE,
    "consent": _CONSENT,
    "reject": _REJECT,
    "pilot": _on(Permission.RELEASE_APPROVE, ReleaseState, [ReleaseState.PILOT], Tag.RELEASE_WIDENED),
    "canary": _on(Permission.RELEASE_APPROVE, ReleaseState, [ReleaseState.CANARY], Tag.RELEASE_WIDENED),
    "rollback": _on(
        Permission.RELEASE_RESTORE,
        ReleaseState,
        [ReleaseState.SUPERSEDED, ReleaseState.RETIRED],
        Tag.RELEASE_RESTORED,
    ),
    "cancel": _on(Permission.RUN_CANCEL, AgentState, _TUNING, Tag.RUN_CANCELLED),
    "pause": _PAUSE,
    "resume": _RESUME,
    "hand over": _HAND_OVER,
    "delete": _on(Permission.AGENT_DELETE, AgentState, _UNUSED),
    "bind": _on(Permission.AGENT_BIND, AgentState, _SERVING, Tag.AGENT_BOUND),
    "unbind": _on(Permission.AGENT_UNBIND, AgentState, leaves=Tag.AGENT_UNBOUND),
    "retire": _on(Permission.RELEASE_RETIRE, AgentState, _SERVING, Tag.RELEASE_RETIRED),
    "revoke": _on(Permission.RELEASE_REVOKE, AgentState, _SERVING, Tag.RELEASE_REVOKED),
    "releases": _on(Permission.RELEASE_HISTORY, AgentState),
    "evidence": _on(Permission.AUDIT_READ, ReleaseState, leaves=Tag.EVIDENCE_WRITTEN),
    "erase": Act(permission=Permission.PERSON_ERASE),
    "inventory": Act(permission=Permission.AUDIT_READ),
    "whois": Act(permission=Permission.AUDIT_READ),
    "audit": Act(permission=Permission.AUDIT_READ),
    "audit export": Act(permission=Permission.AUDIT_READ, leaves=Tag.AUDIT_EXPORTED),
    "audit verify": Act(permission=Permission.AUDIT_READ),
    "usage": _on(Permission.USAGE_READ, AgentState),
    "policy": Act(permission=Permission.POLICY_CHANGE),
    "grant": Act(permission=Permission.ACCESS_DECIDE, leaves=Tag.ACCESS_GRANTED),
    "notices": _EVERYBODY,
}


def table() -> str:
    """Return the matrix in markdown; states with the same cells share a row."""
    lines = [
        f"| act | of | in state | {' | '.join(Role)} |",
        f"|---|---|---|{'---|' * len(Role)}",
        *_rows("button", BUTTONS),
        *_rows("command", COMMANDS),
    ]
    return "\n".join([*lines, ""])


def _rows(kind: str, acts: Mapping[Any, Act]) -> Iterator[str]:
    for name, act in acts.items():
        noun = act.about.__name__.removesuffix("State").lower() if act.about else ""
        for cells, states in groupby(sorted(act.states, key=lambda state: state not in act.possible), key=act.cells):
            told = "any" if len(found := list(states)) == len(act.states) else ", ".join(map(str, found))
            yield f"| {kind} `{name}` | {noun} | {told if noun else ''} | {' | '.join(cells)} |"


def document(text: str) -> str:
    """Return the document with the matrix of this code in it."""
    begin, end = "<!-- matrix: begin -->\n", "<!-- matrix: end -->"
    return re.sub(f"{begin}.*?{end}", lambda _found: f"{begin}{table()}{end}", text, flags=re.DOTALL)


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
