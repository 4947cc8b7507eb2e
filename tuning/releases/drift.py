"""What became of what a release learned from: changed, deleted, closed to some, or kept for measuring since.

A run begins anew where it must not continue that.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from tuning.datasets.pairs import target_id
from tuning.datasets.questions import Seen
from tuning.domain.audit import Tag
from tuning.domain.datasets import Origin, Split
from tuning.domain.drift import Drift, staleness
from tuning.domain.errors import WrongState
from tuning.domain.policy import DriftAction
from tuning.domain.releases import Release
from tuning.domain.runs import Run
from tuning.governance import eligibility
from tuning.governance.agents import learners
from tuning.governance.tenant import Tenant
from tuning.languages import say_many
from tuning.store import agents, audit, datasets, documents, policy, releases, runs


def look(session: Session, tenant: Tenant, release: Release) -> Drift:
    """Compare a release with its documents as they are now; raise DirectoryUnreadable if nobody knows who is who.

    How stale it is goes by what its own run learned from, for that is what a new run would bring in step. Who may read
    goes by all that its adapter has seen, in the runs that it continues too.
    """
    own, seen = _learned(session, release)
    there = documents.by_ids(session, seen)
    changed, deleted = staleness(own, there)
    owner_id = agents.get(session, release.agent_id).owner_id
    lost = eligibility.losses(there, dict.fromkeys([*release.audience, owner_id]), tenant.people)
    return Drift(release_id=release.id, learned=len(own), changed=changed, deleted=deleted, lost=lost)


def must_be_readable(session: Session, tenant: Tenant, release: Release) -> None:
    """Raise `WrongState` if a release would be suspended at once, for what some of its audience may not read."""
    if policy.get(session).drift_action != DriftAction.SUSPEND:
        return
    if lost := look(session, tenant, release).lost:
        raise WrongState(
            say_many(
                "{release} learned from {count} document that not all of its audience may read any more, and your "
                "organisation lets no such release answer. Have it shared with them again, or reject the release.",
                "{release} learned from {count} documents that not all of its audience may read any more, and your "
                "organisation lets no such release answer. Have them shared with them again, or reject the release.",
                len(lost),
                release=release.label.capitalize(),
            )
        )


def begin_anew_if_needed(tenant: Tenant, run: Run) -> None:
    """Let a run start from the base model if what it would continue has seen what not all of its audience may read.

    That is so when permissions have drifted, and when the audience has been widened.
    """
    if run.parent_release_id is None:
        return
    with tenant.store.reading() as session:
        _, seen = _learned(session, releases.get(session, run.parent_release_id))
        audience = learners(agents.get(session, run.agent_id))
        lost = eligibility.losses(documents.by_ids(session, seen), audience, tenant.people)
    if lost:
        _begin_anew(tenant, run, documents=sorted(lost))


def begin_anew_if_it_has_learned_the_hold_out(tenant: Tenant, run: Run) -> None:
    """Let a run start from the base model if what it would continue was trained on what this run is measured with.

    That is so when an owner gives questions after a first run, or takes them back and documents are kept instead.
    """
    if run.parent_release_id is None or run.dataset_id is None:
        return
    with tenant.store.reading() as session:
        parent = releases.get(session, run.parent_release_id)
        held = datasets.examples(session, run.dataset_id, split=Split.HOLDOUT)
        lineage = _lineage(session, parent)
        learned = {document_id for each in lineage for document_id in _hashes(session, each)}
        asked = Seen(question for each in lineage for question in _questions(session, each))
        written = {document_id for each in lineage for document_id in _targets(session, each)}
    # An owner's questions are on documents that are learned, in other words; others are on documents that are kept. Of
    # a pair that is its target: the template that it is written after may be in many.
    kept = {it.document_id for it in held if it.origin not in {Origin.OWNER, Origin.PAIR} and it.document_id in learned}
    kept |= {target_id(it) for it in held if it.origin == Origin.PAIR} & written
    documents_held = sorted(kept)
    questions_held = sum(it.origin == Origin.OWNER and asked.has(it.question) for it in held)
    if documents_held or questions_held:
        _begin_anew(tenant, run, documents=documents_held, holdout_questions=questions_held)


def _begin_anew(tenant: Tenant, run: Run, **why: Any) -> None:
    with tenant.store.transaction() as session:
        current = runs.get_for_update(session, run.id)
        current.parent_release_id = None
        session.add(current)
        parent = run.parent_release_id
        audit.record(session, Tag.RUN_BEGAN_ANEW, audit.WORKER, run.id, agent_id=run.agent_id, parent=parent, **why)
    run.parent_release_id = None


def _learned(session: Session, release: Release) -> tuple[dict[str, str], Sequence[str]]:
    """Return the documents of a release's run with their hashes, and those of all runs that made its adapter."""
    lineage = _lineage(session, release)
    seen = dict.fromkeys(document_id for run in lineage for document_id in _hashes(session, run))
    return _hashes(session, lineage[0]), list(seen)


def _lineage(session: Session, release: Release) -> Sequence[Run]:
    """Return the runs that made a release's adapter, the last one first."""
    found = [runs.get(session, release.run_id)]
    while (parent_id := found[-1].parent_release_id) is not None:
        parent = releases.get(session, parent_id)
        if parent.base_sha256 != release.base_sha256:  # then it was not continued
            break
        found.append(runs.get(session, parent.run_id))
    return found


def _questions(session: Session, run: Run) -> Sequence[str]:
    return datasets.questions_learned(session, run.dataset_id) if run.dataset_id else ()


def _targets(session: Session, run: Run) -> set[str]:
    return datasets.targets_learned(session, run.dataset_id) if run.dataset_id else set()


def _hashes(session: Session, run: Run) -> dict[str, str]:
    return datasets.get(session, run.dataset_id).document_hashes if run.dataset_id else {}
