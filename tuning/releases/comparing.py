"""Blind rounds: the owner rates answers of a candidate and of what it would replace, without knowing whose is which.

A candidate is rated by its owner only, and only while it is one: what an admin decides on doesn't change any more.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.comparisons import A_ROUND, Choice, Comparison, Pair
from tuning.domain.errors import WrongState
from tuning.domain.evaluations import Evaluation, Variant
from tuning.domain.permissions import Permission
from tuning.domain.releases import Release, ReleaseState
from tuning.evaluation.intervals import wilson
from tuning.evaluation.report import put_rating
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import audit, comparisons, releases, runs

_CANDIDATES = (Variant.TUNED_RETRIEVAL, Variant.TUNED)
_OTHERS = (Variant.INCUMBENT_RETRIEVAL, Variant.INCUMBENT, Variant.BASE_RETRIEVAL, Variant.BASE)
"""Whom a candidate is compared with: the first of them that answered, as people would get it."""


def begin(tenant: Tenant, actor_id: str, release_id: str, *, further: bool = False) -> Pair | None:
    """Return the next pair to rate, of a new round if none is open and one is wanted; None if there is nothing left.

    Raise `WrongState` if the release is no candidate any more, or was never measured.
    """
    with access.act(tenant, actor_id, release_id) as session:
        _release, measured = _open(session, tenant, actor_id, release_id)
        found = list(comparisons.of_release(session, release_id))
        if all(one.choice is not None for one in found) and (further or not found):
            fresh = choose(measured.samples, found, release_id)
            session.add_all(fresh)
            found += fresh
        return _next(found, measured)


def rate(tenant: Tenant, actor_id: str, comparison_id: str, choice: Choice) -> tuple[Release, Pair | None]:
    """Note which answer the owner prefers, and what that comes to; return the next pair, or None at a round's end."""
    with access.act(tenant, actor_id, comparison_id) as session:
        comparison = comparisons.get_for_update(session, comparison_id)
        release, measured = _open(session, tenant, actor_id, comparison.release_id)
        comparison.rate(actor_id, choice)
        session.add(comparison)
        session.flush()
        found = comparisons.of_release(session, release.id)
        measured.rating = result(found)
        session.add(measured)
        told = {"sample": comparison.sample, "worth": comparison.worth, "against": comparison.against}
        audit.record(session, Tag.RELEASE_RATED, actor_id, release.id, agent_id=release.agent_id, **told)
        following = _next(found, measured)
    put_rating(Path(measured.report_path), measured)
    return release, following


def choose(samples: Sequence[Mapping[str, Any]], before: Sequence[Comparison], seed: str) -> list[Comparison]:
    """Return a round on samples that were not rated yet and on which both answers differ, in random order; pure."""
    rng = random.Random(f"{seed} {len(before)}")
    known = {one.sample for one in before}
    answers = [one.get("answers", {}) for one in samples]
    candidate = next((one for one in _CANDIDATES if any(one in said for said in answers)), None)
    against = next((one for one in _OTHERS if any(one in said for said in answers)), None)
    if candidate is None or against is None:
        return []
    differing = [
        place
        for place, said in enumerate(answers)
        if place not in known and candidate in said and against in said and _differ(said[candidate], said[against])
    ]
    picked = rng.sample(differing, min(A_ROUND, len(differing)))
    return [
        Comparison(
            release_id=seed,
            position=len(before) + number,
            sample=place,
            against=against,
            is_candidate_first=rng.random() < 0.5,  # noqa: PLR2004 - a coin
        )
        for number, place in enumerate(picked)
    ]


def result(found: Sequence[Comparison]) -> dict[str, Any]:
    """Return what the ratings come to: how often each was preferred, and the candidate's share with its interval."""
    rated = [one for one in found if one.choice is not None]
    better, equal = sum(one.worth == 1 for one in rated), sum(one.choice is Choice.EQUAL for one in rated)
    worth = [one.worth for one in rated]
    return {
        "against": str(rated[0].against) if rated else "",
        "better": better,
        "equal": equal,
        "worse": len(rated) - better - equal,
        **(wilson(sum(worth) / len(worth), len(worth)).as_scores() if worth else {}),
    }


def _open(session: Session, tenant: Tenant, actor_id: str, release_id: str) -> tuple[Release, Evaluation]:
    release = releases.get_for_update(session, release_id)  # two presses at once begin one round
    access.check(session, tenant, actor_id, Permission.RELEASE_RATE, release)
    if release.state != ReleaseState.CANDIDATE:
        raise WrongState(say("It has been submitted: what the admins decide on doesn't change any more."))
    measured = runs.evaluation(session, release.run_id)
    if measured is None or not measured.samples:
        raise WrongState(say("There are no answers to compare: they were never measured, or have been erased."))
    return release, measured


def _next(found: Sequence[Comparison], measured: Evaluation) -> Pair | None:
    """Return the first pair without a choice whose answers are still there."""
    for place, one in enumerate(found):
        if one.choice is None and one.sample < len(measured.samples):
            sample = measured.samples[one.sample]
            said = sample["answers"]
            candidate = next(said[variant] for variant in _CANDIDATES if variant in said)
            other = said[one.against]
            first, second = (candidate, other) if one.is_candidate_first else (other, candidate)
            return Pair(
                comparison_id=one.id,
                question=str(sample["question"]),
                reference=str(sample["reference"]),
                first=first,
                second=second,
                number=place % A_ROUND + 1,
                total=min(A_ROUND, len(found) - place // A_ROUND * A_ROUND),
            )
    return None


def _differ(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) != " ".join(other.casefold().split())
