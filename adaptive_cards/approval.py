"""A submitted release for an admin: everything that the decision needs, and the decision."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from adaptive_cards.numbers import count
from adaptive_cards.scores import objections, samples, scores_table
from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.details import TASKS
from tuning.domain.agents import Agent
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Decision, Release, ReleaseState

SHARES = (5, 10, 25, 50)
"""Of the audience, in percent, to offer for a canary."""
_ALL = "all"


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


def approval_card(case: Case) -> Element:
    """Return the case; with buttons while it waits for a decision."""
    agent, release = case.agent, case.release
    shown = samples(case.evaluation)
    return card(
        heading(f"{escape(agent.name)}, {release.label}: may it go live?"),
        aside(f"Id for commands: {release.id}"),
        facts(
            {
                "Owner": escape(case.owner),
                "Task": TASKS[agent.task],
                "Audience": f"{escape(shorten(', '.join(case.audience), 300))} ({_people(case.people)})",
                "Learned from": f"{count(case.learned, 'document')}, {case.left_out} left out",
                "Replaces": "the release that is live" if agent.live_release_id else "nothing: it is the first",
            }
        ),
        *([label("The owner says"), verbatim(shorten(release.note, 1_000))] if release.note else []),
        scores_table(case.evaluation),
        *objections(case.evaluation),
        aside(_hashes(case)),
        _share() if release.state == ReleaseState.SUBMITTED and agent.live_release_id else None,
        actions=[
            *(_decisions(release) if release.state == ReleaseState.SUBMITTED else []),
            *([show_card("Examples", card(*shown))] if shown else []),
        ],
    )


def decided_card(
    agent: Agent, release: Release, decision: Decision, who: str, reason: str, *, ratings: str = ""
) -> Element:
    """Return what takes the place of the case once somebody has decided; for a canary with what people think of it."""
    is_canary = release.state == ReleaseState.CANARY
    whom = f"{release.share} % of its audience" if is_canary else "its audience"
    said = {
        Decision.APPROVED: f"✓ {who} approved it. It answers {whom} now.",
        Decision.REJECTED: f"✗ {who} turned it down.",
        Decision.REVOKED: f"✗ {who} took it back. It doesn't answer any more.",
        Decision.RETIRED: f"{who} retired it. It doesn't answer any more, and can be restored.",
        Decision.RESTORED: f"✓ {who} restored it. It answers its audience again.",
        Decision.ROLLED_BACK: f"✗ {who} rolled it back. The live release answers everybody again.",
    }
    return card(
        heading(f"{escape(agent.name)}, {release.label}"),
        paragraph(escape(said[decision])),
        verbatim(reason) if reason else None,
        paragraph(escape(ratings)) if ratings else None,
        aside(_canary_commands(agent)) if is_canary else None,
    )


def _share() -> Element:
    return choice_input(
        "share",
        "Who gets it",
        [("All of its audience", _ALL), *((f"{share} % of its audience first", str(share)) for share in SHARES)],
        value=_ALL,
    )


def _canary_commands(agent: Agent) -> str:
    return (
        "If people rate it worse than the live release, it is rolled back by itself. For commands: "
        f"**canary {agent.id} 50** for more people, **canary {agent.id} all** for everybody, "
        f"**rollback {agent.id}** to end it."
    )


def _decisions(release: Release) -> list[Element]:
    reason = text_input("reason", "Reason, for the owner", longest=1_000, is_multiline=True, is_required=True)
    reject = execute("Reject", Verb.RELEASE_REJECT, style="destructive", release_id=release.id)
    return [
        execute("Approve", Verb.RELEASE_APPROVE, style="positive", release_id=release.id),
        show_card("Reject ...", card(reason, actions=[reject])),
    ]


def _people(number: int) -> str:
    return count(number, "person", "people")


def _hashes(case: Case) -> str:
    hashes = {
        "Adapter": case.release.adapter_sha256,
        "base": case.release.base_sha256,
        "data": case.dataset_sha256,
    }
    return " · ".join(f"{what} {sha256[:12] or '-'}" for what, sha256 in hashes.items())
