"""A submitted release for an admin: everything that the decision needs, and the decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.drift import Lost, lost_documents, staleness
from adaptive_cards.elements import (
    Element,
    aside,
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
from adaptive_cards.scores import criteria, objections, samples, scores_table
from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.details import TASKS
from tuning.domain.agents import Agent
from tuning.domain.drift import Drift
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Decision, Release, ReleaseState
from tuning.languages import mark, number, retell, say, say_many

SHARES = (5, 10, 25, 50)
"""Of the audience, in percent, to offer for a canary."""
_ALL = "all"
_CANARY = mark("✓ {person} approved it. It answers {share} % of its audience now.")
_DECIDED = {
    Decision.APPROVED: mark("✓ {person} approved it. It answers its audience now."),
    Decision.REJECTED: mark("✗ {person} turned it down."),
    Decision.REVOKED: mark("✗ {person} took it back. It doesn't answer any more."),
    Decision.RETIRED: mark("{person} retired it. It doesn't answer any more, and can be restored."),
    Decision.RESTORED: mark("✓ {person} restored it. It answers its audience again."),
    Decision.ROLLED_BACK: mark("✗ {person} rolled it back. The live release answers everybody again."),
}


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
    left_out: int
    """How many it did not."""
    dataset_sha256: str
    drift: Drift
    """What became of the documents since."""
    lost: Sequence[Lost]


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
                    left_out=number(case.left_out),
                ),
                say("Since then"): staleness(case.drift),
                say("Replaces"): say("the release that is live")
                if agent.live_release_id
                else say("nothing: it is the first"),
            }
        ),
        *lost_documents(case.lost),
        *([label(say("The owner says")), verbatim(shorten(release.note, 1_000))] if release.note else []),
        scores_table(case.evaluation),
        *criteria(case.evaluation),
        *objections(case.evaluation),
        aside(_hashes(case)),
        _share() if release.state == ReleaseState.SUBMITTED and agent.live_release_id else None,
        actions=[
            *(_decisions(release) if release.state == ReleaseState.SUBMITTED else []),
            *([show_card(say("Examples"), card(*shown))] if shown else []),
        ],
    )


def decided_card(
    agent: Agent, release: Release, decision: Decision, who: str, reason: str, *, ratings: str = ""
) -> Element:
    """Return what takes the place of the case once somebody has decided; for a canary with what people think of it."""
    is_canary = release.state == ReleaseState.CANARY
    said = _CANARY if is_canary and decision is Decision.APPROVED else _DECIDED[decision]
    return card(
        heading(f"{escape(agent.name)}, {release.label}"),
        paragraph(say(said, person=escape(who), share=number(release.share))),
        verbatim(retell(reason) if decision is Decision.ROLLED_BACK else reason) if reason else None,
        paragraph(escape(ratings)) if ratings else None,
        aside(_canary_commands(agent)) if is_canary else None,
    )


def _share() -> Element:
    return choice_input(
        "share",
        say("Who gets it"),
        [
            (say("All of its audience"), _ALL),
            *((say("{share} % of its audience first", share=share), str(share)) for share in SHARES),
        ],
        value=_ALL,
    )


def _canary_commands(agent: Agent) -> str:
    return say(
        "If people rate it worse than the live release, it is rolled back by itself. For commands: "
        "**canary {id} 50** for more people, **canary {id} all** for everybody, **rollback {id}** to end it.",
        id=agent.id,
    )


def _decisions(release: Release) -> list[Element]:
    reason = text_input("reason", say("Reason, for the owner"), longest=1_000, is_multiline=True, is_required=True)
    reject = execute(say("Reject"), Verb.RELEASE_REJECT, style="destructive", release_id=release.id)
    return [
        execute(say("Approve"), Verb.RELEASE_APPROVE, style="positive", release_id=release.id),
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
