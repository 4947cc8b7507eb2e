"""Who may do what: one rule per permission, each a pure function of what a person is to the subject of an act."""

from collections.abc import Callable
from typing import Protocol

from tuning.domain.permissions import Permission
from tuning.languages import mark, say

TUNING_IS_OFF = mark("Tuning is switched off in your organisation. Ask an admin to switch it on.")
ANSWERS_ARE_OFF = mark(
    "Tuned agents don't answer at the moment: the admins of your organisation have switched answers off."
)


class Standing(Protocol):
    """What a person is to the subject of an act. What can't be found out is no."""

    @property
    def is_known(self) -> bool:
        """Whether the person is in the directory."""
        ...

    @property
    def is_admin(self) -> bool:
        """Whether the person is in the admin group."""
        ...

    @property
    def is_owner(self) -> bool:
        """Whether the agent is the person's own."""
        ...

    @property
    def is_data_owner(self) -> bool:
        """Whether the policy names the person among those who agree to releases besides an admin."""
        ...

    @property
    def is_anothers(self) -> bool:
        """Whether there is an agent, and the person neither owns it nor has handed it over."""
        ...

    @property
    def is_tuning_on(self) -> bool:
        """Whether the policy lets anybody tune."""
        ...

    @property
    def is_maker(self) -> bool:
        """Whether the policy or a grant lets the person make agents."""
        ...

    @property
    def is_tuner(self) -> bool:
        """Whether the policy or a grant lets the person start runs."""
        ...

    @property
    def is_answering(self) -> bool:
        """Whether the policy lets agents answer."""
        ...

    @property
    def is_in_audience(self) -> bool:
        """Whether a release of the agent is live, for this person too."""
        ...

    @property
    def is_asker(self) -> bool:
        """Whether the answer was given to the person, or the feedback, the request or the message is theirs."""
        ...


def objection(permission: Permission, standing: Standing) -> str:
    """Return why a person may not do something, as a sentence; empty if they may."""
    if not standing.is_known:
        return say("You are not in the organisation's directory, so you can't do that. Ask an admin to add you.")
    return _RULES[permission](standing)


def _must_own(standing: Standing) -> str:
    return "" if standing.is_owner else say("Only the owner of an agent may do that.")


def _must_administer(standing: Standing) -> str:
    return "" if standing.is_admin else say("Only admins may do that.")


def _must_own_or_administer(standing: Standing) -> str:
    return "" if standing.is_owner or standing.is_admin else say("Only the agent's owner or an admin may do that.")


def _four_eyes(standing: Standing) -> str:
    return _must_administer(standing) or _must_be_anothers(standing)


def _may_consent(standing: Standing) -> str:
    if not standing.is_data_owner:
        return say("Only the data owners whom the policy names may do that.")
    return _must_be_anothers(standing)


def _may_reject(standing: Standing) -> str:
    return _may_review(standing) or _must_be_anothers(standing)


def _may_review(standing: Standing) -> str:
    return "" if standing.is_data_owner else _must_administer(standing)


def _must_be_anothers(standing: Standing) -> str:
    return (
        ""
        if standing.is_anothers
        else say("Nobody decides on an agent that is or was their own: another admin has to.")
    )


def _may_make(standing: Standing) -> str:
    if not standing.is_tuning_on:
        return say(TUNING_IS_OFF)
    return "" if standing.is_maker else say("You may not make agents. Send 'request access' to ask the admins for it.")


def _may_tune(standing: Standing) -> str:
    if not standing.is_owner or not standing.is_tuning_on:
        return _must_own(standing) or say(TUNING_IS_OFF)
    return "" if standing.is_tuner else say("You may not tune agents. Send 'request access' to ask the admins for it.")


def _may_request(standing: Standing) -> str:
    if not standing.is_tuning_on:
        return say(TUNING_IS_OFF)
    return say("You may make and tune agents already.") if standing.is_maker and standing.is_tuner else ""


def _must_decide_on_anothers(standing: Standing) -> str:
    return _must_administer(standing) or (
        say("Nobody decides on a request of their own: another admin has to.") if standing.is_asker else ""
    )


def _may_ask(standing: Standing) -> str:
    if not standing.is_answering:
        return say(ANSWERS_ARE_OFF)
    return (
        "" if standing.is_in_audience else say("There is no such agent for you. Send 'agents' to see whom you can ask.")
    )


def _must_be_theirs(standing: Standing) -> str:
    return "" if standing.is_asker else say("Only the person who got an answer may give feedback on it.")


def _must_be_for_them(standing: Standing) -> str:
    return "" if standing.is_asker else say("That message is for somebody else.")


_RULES: dict[Permission, Callable[[Standing], str]] = {
    Permission.AGENT_CREATE: _may_make,
    Permission.AGENT_CONFIGURE: _must_own,
    Permission.AGENT_ASK: _may_ask,
    Permission.AGENT_LABEL: _must_own,
    Permission.AGENT_PAUSE: _must_own,
    Permission.AGENT_HAND_OVER: _must_own_or_administer,
    Permission.AGENT_DELETE: _must_own_or_administer,
    Permission.AGENT_BIND: _must_own,
    Permission.AGENT_UNBIND: _must_own_or_administer,
    Permission.RUN_START: _may_tune,
    Permission.RUN_CANCEL: _must_own_or_administer,
    Permission.RELEASE_TRY: _must_own,
    Permission.RELEASE_RATE: _must_own,
    Permission.RELEASE_SUBMIT: _must_own,
    Permission.RELEASE_APPROVE: _four_eyes,
    Permission.RELEASE_CONSENT: _may_consent,
    Permission.RELEASE_REJECT: _may_reject,
    Permission.RELEASE_RETIRE: _must_own_or_administer,
    Permission.RELEASE_RESTORE: _four_eyes,
    Permission.RELEASE_REVOKE: _must_administer,
    Permission.RELEASE_HISTORY: _must_own_or_administer,
    Permission.APPROVALS_READ: _may_review,
    Permission.FEEDBACK_GIVE: _must_be_theirs,
    Permission.FEEDBACK_REVIEW: _must_own,
    Permission.PERSON_ERASE: _must_administer,
    Permission.DOCUMENT_ERASE: _must_administer,
    Permission.AUDIT_READ: _must_administer,
    Permission.USAGE_READ: _must_own_or_administer,
    Permission.ACCESS_ASK: _may_request,
    Permission.ACCESS_DECIDE: _must_decide_on_anothers,
    Permission.NOTICE_OPEN: _must_be_for_them,
    Permission.POLICY_CHANGE: _must_administer,
}
"""Permission to the rule, which returns why not as a sentence, or nothing."""
