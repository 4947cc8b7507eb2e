"""A submitted release for an admin: everything that the decision needs, and the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adaptive_cards.drift import Lost, lost_documents, staleness
from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    card,
    choice_input,
    escape,
    execute,
    facts,
    heading,
    label,
    paragraph,
    shorten,
    show_card,
    text_input,
    verbatim,
)
from adaptive_cards.scores import criteria, objections, rating, samples, scores_table
from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.details import TASKS
from tuning.domain.agents import Agent
from tuning.domain.drift import Drift
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import STATES, Decision, Release, ReleaseState
from tuning.languages import mark, number, retell, say, say_many

SHARES = (5, 10, 25, 50)
"""Of the audience, in percent, to offer for a canary."""
MAX_PILOT = 500
"""Characters of the names of a pilot."""
_ALL, PILOT = "all", "pilot"
MAX_LEFT_OUT = 5
_APPROVED = {
    ReleaseState.SUBMITTED: mark("✓ {person} approved it. It waits for a data owner."),
    ReleaseState.CANARY: mark("✓ {person} approved it. It answers {share} % of its audience now."),
    ReleaseState.PILOT: mark("✓ {person} approved it. Its pilot gets it now: {pilot}."),
}
_CONSENTED = {
    ReleaseState.SUBMITTED: mark("✓ {person} agreed to it as a data owner. It waits for an admin."),
    ReleaseState.CANARY: mark("✓ {person} agreed to it as a data owner. It answers {share} % of its audience now."),
    ReleaseState.PILOT: mark("✓ {person} agreed to it as a data owner. Its pilot gets it now: {pilot}."),
}
_ENDED = mark("✗ {person} rolled it back. Nobody gets it any more.")
_OVER = mark("It is {state} now. {person} decided on it last.")
_RETURNED = mark("{person} retired it. It doesn't answer any more, and its owner can submit it again.")
_RESTING = mark("✓ {person} let it go live. It answers its audience as soon as its owner resumes it.")
_DECIDED = {
    Decision.APPROVED: mark("✓ {person} approved it. It answers its audience now."),
    Decision.REJECTED: mark("✗ {person} turned it down."),
    Decision.REVOKED: mark("✗ {person} took it back. It doesn't answer any more."),
    Decision.RETIRED: mark("{person} retired it. It doesn't answer any more, and can be restored."),
    Decision.RESTORED: mark("✓ {person} restored it. It answers its audience again."),
    Decision.ROLLED_BACK: mark("✗ {person} rolled it back. The live release answers everybody again."),
    Decision.CONSENTED: mark("✓ {person} agreed to it as a data owner. It answers its audience now."),
}

_TO_LIVE = frozenset({Decision.APPROVED, Decision.CONSENTED, Decision.RESTORED})


@dataclass(frozen=True, kw_only=True)
class Case:
    """What an admin decides on."""

    agent: Agent
    release: Release
    evaluation: Evaluation
    owner: str
    audience: Sequence[str]
    """The audience's names."""
    people: int
    """How many people that is."""
    learned: int
    """How many documents it learned from."""
    left_out: Sequence[Mapping[str, Any]]
    """What it did not learn from: title and reason of each."""
    dataset_sha256: str
    drift: Drift
    """What became of the documents since."""
    lost: Sequence[Lost]
    pilot: Sequence[str] = ()
    """The names of those whom its owner proposes as a pilot."""
    approved_by: str = ""
    """The admin who has approved it, by name, while a data owner has to agree, too."""
    consented_by: str = ""
    """The data owner who has agreed, by name."""
    is_for_admin: bool = True
    """Whether whoever reads it may approve it now."""
    is_for_data_owner: bool = False
    """Whether whoever reads it may agree as a data owner now."""


def approval_card(case: Case) -> Element:
    """Return the case; with buttons while it waits for a decision."""
    agent, release = case.agent, case.release
    shown = samples(case.evaluation)
    return card(
        heading(say("{agent}, {release}: may it go live?", agent=escape(agent.name), release=release.label)),
        aside(say("Id for commands: {id}", id=release.id)),
        facts(
            {
                say("Owner"): escape(case.owner),
                say("Task"): say(TASKS[agent.task]),
                say("Audience"): f"{escape(shorten(', '.join(case.audience), 300))} ({_people(case.people)})",
                say("Learned from"): say_many(
                    "{count} document, {left_out} left out",
                    "{count} documents, {left_out} left out",
                    case.learned,
                    left_out=number(len(case.left_out)),
                ),
                say("Since then"): staleness(case.drift),
                say("Replaces"): say("the release that is live")
                if agent.live_release_id
                else say("nothing: it is the first"),
                **_words(case),
            }
        ),
        *lost_documents(case.lost),
        *_left_out(case.left_out),
        *([label(say("The owner says")), verbatim(shorten(release.note, 1_000))] if release.note else []),
        scores_table(case.evaluation),
        *rating(case.evaluation),
        *criteria(case.evaluation),
        *objections(case.evaluation),
        aside(_hashes(case)),
        *(_reach(case) if case.is_for_admin else []),
        actions=[
            *_decisions(case),
            *([show_card(say("Examples"), card(*shown))] if shown else []),
        ],
    )


def taken_back_card(agent: Agent, release: Release) -> Element:
    """Return what takes the place of the case of a release that waits for nobody's decision any more."""
    return card(
        heading(f"{escape(agent.name)}, {release.label}"),
        paragraph(say("It has been taken back: there is nothing to decide.")),
    )


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What somebody decided last."""

    agent: Agent
    release: Release
    decision: Decision
    who: str
    reason: str
    pilot: Sequence[str] = ()
    """The names of those who get it, while it is a pilot."""
    standing: str = ""
    """What people think of it, while it is a canary or pilot."""


def decided_card(made: Decided) -> Element:
    """Return what takes the place of the case once somebody has decided."""
    release, state = made.release, ReleaseState(made.release.state)
    by_state = {Decision.APPROVED: _APPROVED, Decision.CONSENTED: _CONSENTED}.get(made.decision, {})
    is_end = made.decision is Decision.ROLLED_BACK and made.agent.live_release_id is None
    text = _ENDED if is_end else by_state.get(state, _DECIDED[made.decision])
    if made.decision is Decision.RETIRED and state is not ReleaseState.RETIRED:  # never live, or stopped since
        text = _RETURNED if state is ReleaseState.CANDIDATE else _OVER
    elif state in {ReleaseState.CANDIDATE, ReleaseState.SUPERSEDED, ReleaseState.SUSPENDED}:  # nobody decides on any
        text = _OVER
    elif state is ReleaseState.LIVE and made.agent.is_paused and made.decision in _TO_LIVE:
        text = _RESTING
    pilot = escape(shorten(", ".join(made.pilot), 300))
    said = say(text, person=escape(made.who), share=number(release.share), pilot=pilot, state=say(STATES[state]))
    reason = retell(made.reason) if made.decision is Decision.ROLLED_BACK else made.reason
    commands = {ReleaseState.CANARY: _canary_commands, ReleaseState.PILOT: _pilot_commands}.get(state)
    return card(
        heading(f"{escape(made.agent.name)}, {release.label}"),
        paragraph(said),
        verbatim(reason) if reason else None,
        paragraph(escape(made.standing)) if made.standing else None,
        aside(commands(made.agent)) if commands else None,
    )


def _words(case: Case) -> dict[str, str]:
    """Return whose word there is already, where it takes two."""
    words = {say("Approved by"): case.approved_by, say("Agreed as data owner"): case.consented_by}
    return {title: escape(who) for title, who in words.items() if who}


def _left_out(found: Sequence[Mapping[str, Any]]) -> list[Element]:
    if not found:
        return []
    lines = [
        f"{escape(shorten(str(one['title']), 60))}: {escape(shorten(retell(str(one['reason'])), 160))}"
        for one in found[:MAX_LEFT_OUT]
    ]
    hidden = len(found) - MAX_LEFT_OUT
    more = [aside(say("and {count} more", count=number(hidden)))] if hidden > 0 else []
    return [label(say("Left out")), bullets(lines), *more]


def _reach(case: Case) -> list[Element]:
    shares = SHARES if case.agent.live_release_id else ()
    who = choice_input(
        "share",
        say("Who gets it"),
        [
            (say("All of its audience"), _ALL),
            (say("The pilot below first"), PILOT),
            *((say("{share} % of its audience first", share=share), str(share)) for share in shares),
        ],
        value=PILOT if case.pilot else _ALL,
    )
    names = text_input("pilot", say("Pilot: groups or people"), value=pilot_text(case.pilot), longest=MAX_PILOT)
    return [who, names]


def pilot_text(names: Sequence[str]) -> str:
    """Return as many names as fit into the field, each whole: half a name would mean somebody else, or nobody."""
    fitting = ["; ".join(names[:count]) for count in range(len(names) + 1)]
    return max((text for text in fitting if len(text) <= MAX_PILOT), key=len)


def _canary_commands(agent: Agent) -> str:
    return say(
        "If people rate it worse than the live release, it is rolled back by itself. For commands: "
        "**canary {id} 50** for more people, **canary {id} all** for everybody, **rollback {id}** to end it.",
        id=agent.id,
    )


def _pilot_commands(agent: Agent) -> str:
    return say(
        "For commands: **pilot {id}** and a group or person for more people, **pilot {id} all** for everybody, "
        "**rollback {id}** to end it.",
        id=agent.id,
    )


def _decisions(case: Case) -> list[Element]:
    if not case.is_for_admin and not case.is_for_data_owner:
        return []
    release_id = case.release.id
    approve = execute(say("Approve"), Verb.RELEASE_APPROVE, style="positive", release_id=release_id)
    consent = execute(say("Agree as data owner"), Verb.RELEASE_CONSENT, style="positive", release_id=release_id)
    reason = text_input("reason", say("Reason, for the owner"), longest=1_000, is_multiline=True, is_required=True)
    reject = execute(say("Reject"), Verb.RELEASE_REJECT, style="destructive", release_id=release_id)
    return [
        *([approve] if case.is_for_admin else []),
        *([consent] if case.is_for_data_owner else []),
        show_card(say("Reject ..."), card(reason, actions=[reject])),
    ]


def _people(people: int) -> str:
    return say_many("{count} person", "{count} people", people)


def _hashes(case: Case) -> str:
    hashes = {
        say("Adapter"): case.release.adapter_sha256,
        say("base"): case.release.base_sha256,
        say("data"): case.dataset_sha256,
    }
    return " · ".join(f"{what} {sha256[:12] or '-'}" for what, sha256 in hashes.items())
