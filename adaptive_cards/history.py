"""Every release of an agent, newest first: what it scored, who decided what, and what proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive_cards.elements import Element, aside, bullets, card, escape, execute, facts, heading, paragraph, shorten
from adaptive_cards.scores import METRICS, VARIANTS
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.evaluations import Evaluation, Variant
from tuning.domain.releases import DECISIONS, STATES, Decision, Release, ReleaseState
from tuning.languages import day, moment, number, retell, say

_COMPARED = (
    Variant.BASE,
    Variant.BASE_RETRIEVAL,
    Variant.BASE_LEARNED,
    Variant.INCUMBENT,
    Variant.INCUMBENT_RETRIEVAL,
    Variant.TUNED,
    Variant.TUNED_RETRIEVAL,
)
MAX_DECISIONS = 6


@dataclass(frozen=True, kw_only=True)
class Word:
    """What somebody decided on a release."""

    at: datetime
    who: str
    decision: Decision
    reason: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """One release with what speaks for and against it."""

    release: Release
    evaluation: Evaluation | None
    decisions: Sequence[Word]
    """Oldest first."""
    pilot: Sequence[str]
    """The names of those who get it, if it is a pilot."""
    evidence_sha256: str
    """Of the evidence that was written last; empty if none was."""


def history_card(
    agent: Agent, page: Sequence[Past], *, page_number: int, has_older: bool, is_for_admin: bool
) -> Element:
    """Return a page of an agent's releases; pages are counted from 0. Only admins get the evidence."""
    title = heading(say("{agent}: its releases", agent=escape(agent.name)))
    if not page:
        return card(title, paragraph(say("There are none here.")))
    newer = execute(say("Newer"), Verb.RELEASE_HISTORY, agent_id=agent.id, number=page_number - 1)
    older = execute(say("Older"), Verb.RELEASE_HISTORY, agent_id=agent.id, number=page_number + 1)
    return card(
        title,
        *(block for one in page for block in _block(one)),
        aside(say("For the evidence as a file: **evidence** and a release's id.")) if is_for_admin else None,
        actions=[*([newer] if page_number > 0 else []), *([older] if has_older else [])],
    )


def _block(one: Past) -> list[Element]:
    release = one.release
    words = [_word(word) for word in one.decisions[-MAX_DECISIONS:]]
    return [
        {**paragraph(f"**{release.label}** ({release.id}) · {_state(one)}"), "separator": True},
        facts(
            {
                say("Made on"): day(release.created_at),
                say("Scores"): _scores(one.evaluation),
                say("Checks"): _checks(one.evaluation),
                say("Adapter"): release.adapter_sha256[:16],
                say("Evidence"): one.evidence_sha256[:16] or say("not written yet"),
            }
        ),
        *([bullets(words)] if words else []),
    ]


def _state(one: Past) -> str:
    release, state = one.release, ReleaseState(one.release.state)
    if state is ReleaseState.LIVE and release.live_at is not None:
        return say("live since {day}", day=day(release.live_at))
    if state is ReleaseState.PILOT:
        return say("pilot for {names}", names=escape(shorten(", ".join(one.pilot), 120)))
    if state is ReleaseState.CANARY:
        return say("canary for {share} %", share=number(release.share))
    return say(STATES[state])


def _scores(evaluation: Evaluation | None) -> str:
    """Return the first metric that was measured, for each variant: base, what was live, and the release itself."""
    found = evaluation.scores if evaluation else {}
    metric = next((one for one in METRICS if any(one in scores for scores in found.values())), None)
    if metric is None:
        return say("none")
    shown = [
        f"{say(VARIANTS[variant])} {found[variant][metric]['mean'] * 100:.0f} %"
        for variant in _COMPARED
        if metric in found.get(variant, {})
    ]
    return f"{say(METRICS[metric])}: {', '.join(shown)}"


def _checks(evaluation: Evaluation | None) -> str:
    if evaluation is None or not evaluation.scores:
        return say("nothing was measured")
    if not evaluation.objections:
        return say("all passed")
    return escape(shorten(" ".join(retell(one) for one in evaluation.objections), 300))


def _word(word: Word) -> str:
    reason = retell(word.reason) if word.decision is Decision.ROLLED_BACK else word.reason
    said = say(
        "{moment} UTC: {person} has {decided} it",
        moment=moment(word.at),
        person=escape(shorten(word.who, 60)),
        decided=say(DECISIONS[word.decision]),
    )
    return f"{said}: {escape(shorten(reason, 200))}" if reason else said
