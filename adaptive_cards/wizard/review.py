"""Step 5: what the agent would learn from, what is left out and why, and the start."""

from collections.abc import Sequence
from dataclasses import dataclass

from adaptive_cards.drift import in_short
from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    card,
    escape,
    execute,
    facts,
    heading,
    label,
    paragraph,
    shorten,
    wrong,
)
from adaptive_cards.verbs import Verb
from adaptive_cards.wizard.details import TASKS
from tuning.domain.agents import Agent
from tuning.domain.documents import Coverage, Exclusion, Redaction
from tuning.domain.drift import Drift
from tuning.domain.inspection import KINDS, SecretKind
from tuning.languages import number, retell, say, say_many

MAX_EXCLUSIONS = 8
MAX_SUGGESTIONS = 4
MAX_REDACTIONS = 5
MAX_NAMES, MAX_SENTENCE = 200, 500
"""Characters."""


@dataclass(frozen=True, kw_only=True)
class PairCount:
    """Where the pairs of an agent come from, and how many were confirmed."""

    is_mapped: bool
    """Whether each of its sources names its own in `mapping.csv`."""
    accepted: int
    undecided: int


@dataclass(frozen=True, kw_only=True)
class Review:
    """What there is to know before a run starts."""

    agent: Agent
    coverage: Coverage
    suggestions: Sequence[str] = ()
    """What would let it learn from more documents."""
    audience: Sequence[str] = ()
    """Their names; none: only the owner."""
    pairs: PairCount | None = None
    """For drafts and summaries: what is known of their pairs."""
    drift: Drift | None = None
    """What became of the documents that the live release learned from."""
    advice: Sequence[str] = ()
    """What to expect of search and of tuning, in sentences."""
    changed: Sequence[str] = ()
    """What was changed since what answers was made, each with what that means for it."""
    taken_in: str = ""
    """What has all of that already; empty if a new run is needed for it."""
    is_tuned: bool = False
    """Whether there is a release that people get."""
    is_tuning: bool = False
    """Whether a run is under way."""
    note: str = ""
    problem: str = ""


def review_card(review: Review) -> Element:
    """Return the summary with coverage, exclusions, suggestions, what needs a new run, and the button for it."""
    agent, coverage, drift = review.agent, review.coverage, in_short(review.drift)
    gaps = agent.missing()
    return card(
        heading(say("{agent} · {number} of 5", agent=escape(agent.name), number=5)),
        paragraph(review.note, color="good") if review.note else None,
        wrong(shorten(review.problem, MAX_SENTENCE)) if review.problem else None,
        facts(
            {
                say("Task"): say(TASKS[agent.task]),
                say("Audience"): escape(shorten(", ".join(review.audience), MAX_NAMES)) or say("only you"),
                say("Learns from"): say_many(
                    "{eligible} of {count} document",
                    "{eligible} of {count} documents",
                    coverage.total,
                    eligible=number(len(coverage.eligible_ids)),
                ),
                **({say("Pairs"): _pairs(review.pairs)} if review.pairs else {}),
            }
        ),
        *_changed(review),
        *([label(say("Since the live release learned")), bullets(drift)] if drift else []),
        *([label(say("Still missing")), bullets(escape(gap) for gap in gaps)] if gaps else []),
        *_left_out(coverage.exclusions),
        *_redactions(coverage.redactions),
        *_helping(review.suggestions),
        *_advice(review.advice),
        aside(say("A run is under way: the next one can start once it is over.")) if review.is_tuning else None,
        actions=[
            *([] if gaps or review.is_tuning else _starts(agent, is_again=review.is_tuned)),
            *_pair_button(agent, review.pairs),
            execute(say("Instructions"), Verb.WIZARD_OPEN, agent_id=agent.id, step="about"),
            execute(say("Sources"), Verb.WIZARD_OPEN, agent_id=agent.id, step="sources"),
            execute(say("Audience"), Verb.WIZARD_OPEN, agent_id=agent.id, step="audience"),
            execute(say("Name"), Verb.WIZARD_OPEN, agent_id=agent.id, step="details"),
        ],
    )


def _changed(review: Review) -> list[Element]:
    """Return what was changed since what answers was made, and what it takes for that to count in full."""
    if not review.changed:
        return []
    needed = say("It takes a new run, and an admin's word on what comes of it.")
    return [
        label(say("Changed, and not learned yet")),
        bullets(escape(shorten(sentence, MAX_SENTENCE)) for sentence in review.changed),
        paragraph(escape(review.taken_in) or needed),
    ]


def _left_out(exclusions: Sequence[Exclusion]) -> list[Element]:
    """Return which documents are not learned from, and why."""
    if not exclusions:
        return []
    hidden = len(exclusions) - MAX_EXCLUSIONS
    shown = [f"{escape(shorten(one.title, 60))}: {escape(retell(one.reason))}" for one in exclusions[:MAX_EXCLUSIONS]]
    return [
        label(say_many("{count} document left out", "{count} documents left out", len(exclusions))),
        bullets(shown),
        *([aside(say("and {count} more", count=number(hidden)))] if hidden > 0 else []),
    ]


def _starts(agent: Agent, *, is_again: bool) -> list[Element]:
    start = say("Retrain now") if is_again else say("Start tuning")
    return [
        execute(start, Verb.RUN_START, style="positive", agent_id=agent.id),
        execute(say("Look at samples first"), Verb.RUN_START, agent_id=agent.id, labels="first"),
    ]


def _pairs(count: PairCount) -> str:
    if count.is_mapped:
        return say("as mapping.csv names them")
    return say(
        "{accepted} accepted, {undecided} to look at",
        accepted=number(count.accepted),
        undecided=number(count.undecided),
    )


def _pair_button(agent: Agent, count: PairCount | None) -> list[Element]:
    """Return the way to the pairs that were found, or to look for some."""
    if count is None or count.is_mapped:
        return []
    if count.accepted or count.undecided:
        return [execute(say("Pairs"), Verb.PAIRS_OPEN, agent_id=agent.id, number=0)]
    return [execute(say("Look for pairs"), Verb.PAIRS_FIND, agent_id=agent.id)]


def _helping(suggestions: Sequence[str]) -> list[Element]:
    """Return what would let it learn from more documents, or answer more people."""
    shown = [escape(shorten(one, MAX_SENTENCE)) for one in suggestions[:MAX_SUGGESTIONS]]
    return [label(say("What would help")), bullets(shown)] if shown else []


def _advice(sentences: Sequence[str]) -> list[Element]:
    """Return what to expect of search and of tuning."""
    return [label(say("Search or tuning?")), paragraph(escape(" ".join(sentences)))] if sentences else []


def _redactions(found: Sequence[Redaction]) -> list[Element]:
    """Return the documents whose secrets were taken out: which, and of what kind, never what."""
    if not found:
        return []
    hidden = len(found) - MAX_REDACTIONS
    lines = [
        f"{escape(shorten(one.title, 60))}: "
        + ", ".join(f"{say(KINDS[SecretKind(kind)])} ({number(count)})" for kind, count in sorted(one.counts.items()))
        for one in found[:MAX_REDACTIONS]
    ]
    return [
        label(
            say_many(
                "{count} document is learned from without its secrets",
                "{count} documents are learned from without their secrets",
                len(found),
            )
        ),
        bullets(lines),
        *([aside(say("and {count} more", count=number(hidden)))] if hidden > 0 else []),
    ]
