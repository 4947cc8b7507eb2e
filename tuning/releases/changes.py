"""What has been changed about an agent since the release that answers was made, and from when on it counts.

What was made is asked, not remembered: a dataset's prompts and documents, a release's audience, an evaluation's
criteria are compared with what the agent would be made of now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.criteria import Criterion
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Task, system_message
from tuning.domain.releases import FIRST, Release, ReleaseState
from tuning.domain.runs import Run, RunState
from tuning.governance.tenant import Tenant
from tuning.languages import number, say
from tuning.store import agents, datasets, documents, releases, runs

_UNDECIDED = {ReleaseState.CANDIDATE, ReleaseState.SUBMITTED, *FIRST}
_MAX_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What counts in full only after a new run."""

    sentences: tuple[str, ...] = ()
    """What each change means for the release that answers, or for the newest one if none does."""
    taken_in: str = ""
    """What has been made with all of it already, or is being made, as a sentence; then no new run is needed."""
    answers: bool = False
    """Whether there is a release that people get."""

    @property
    def needs_run(self) -> bool:
        """Whether the owner has to start one."""
        return bool(self.sentences) and not self.taken_in


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What a run has made, or is making, out of what."""

    system: str | None
    """How its prompts begin; None if nothing tells."""
    document_ids: frozenset[str]
    audience: frozenset[str]
    criteria: frozenset[Criterion] | None
    """None: nothing was measured."""
    asked: frozenset[tuple[str, str]] | None
    """The owner's questions to measure with, with their answers; None: nothing tells."""


def look(session: Session, tenant: Tenant, agent: Agent) -> Changes:
    """Compare an agent with what was made of it."""
    made = releases.of_agent(session, agent.id)
    newest = made[0] if made and made[0].state in _UNDECIDED else None
    serving = agent.live_release_id or agent.canary_release_id
    current = next((release for release in made if release.id == serving), newest)
    if current is None:
        return Changes()
    sentences = _differences(session, tenant, agent, current, _of_release(session, current))
    taken_in = _taken_in(session, tenant, agent, newest if newest is not current else None) if sentences else ""
    return Changes(sentences=tuple(sentences), taken_in=taken_in, answers=serving is not None)


def _taken_in(session: Session, tenant: Tenant, agent: Agent, newest: Release | None) -> str:
    run = runs.open_run(session, agent.id)
    if run is not None and not _differences(session, tenant, agent, None, _of_run(session, run, agent.principals)):
        return say("The run under way takes it in.")
    if newest is not None and not _differences(session, tenant, agent, newest, _of_release(session, newest)):
        return say("It is in {release} already, and counts once that answers.", release=newest.label)
    return ""


def _of_release(session: Session, release: Release) -> _Made:
    return _of_run(session, runs.get(session, release.run_id), release.audience)


def _of_run(session: Session, run: Run, audience: Sequence[str]) -> _Made:
    measured = runs.evaluation(session, run.id)
    is_made = run.dataset_id and run.state is not RunState.LABELLING  # after labels it is made anew
    dataset = datasets.get(session, run.dataset_id) if is_made and run.dataset_id else None
    return _Made(
        system=datasets.system_prompt(session, dataset.id) if dataset else None,
        document_ids=frozenset(dataset.document_hashes) if dataset else frozenset(),
        audience=frozenset(audience),
        criteria=frozenset(map(Criterion.of, measured.criteria)) if measured else None,
        asked=frozenset(datasets.owners_questions(session, dataset.id)) if dataset else None,
    )


def _differences(session: Session, tenant: Tenant, agent: Agent, release: Release | None, made: _Made) -> list[str]:
    """Return what differs, as sentences about a release; about a run only whether there is anything."""
    label = release.label if release else ""
    found = []
    if made.system not in {None, system_message(agent.task, agent.guidance)["content"]}:
        found.append(
            say(
                "Your answers and instructions: {release} is told them at once, but was tuned with others.",
                release=label,
            )
        )
    found += _sources(session, agent, label, made.document_ids)
    if made.audience != frozenset(agent.principals):
        who, others = _named(map(tenant.name_of, made.audience)), _named(map(tenant.name_of, agent.principals))
        found.append(
            say(
                "Audience: {release} goes on answering {names}; the next one answers {others}.",
                release=label,
                names=who,
                others=others,
            )
        )
    if made.criteria not in {None, frozenset(map(Criterion.of, agent.criteria))}:
        found.append(say("Criteria: {release} was measured by others.", release=label))
    if agent.task is Task.QUESTIONS and made.asked is not None and not _asks(agents.holdout(session, agent.id), made):
        found.append(say("Questions to test with: {release} was measured with others.", release=label))
    return found


def _sources(session: Session, agent: Agent, label: str, learned: frozenset[str]) -> list[str]:
    """Return which sources something was learned from that are gone, and from which nothing was that are there."""
    if not learned:
        return []
    known = {source.id: source.name for source in documents.sources(session)}
    used = {document.source_id for document in documents.by_ids(session, sorted(learned))}
    added = [known[key] for key in agent.source_ids if key in known and key not in used]
    dropped = [known[key] for key in sorted(used - set(agent.source_ids)) if key in known]
    looks_up = agent.task is not Task.SUMMARY
    found = []
    if added:
        text = say("Sources: {release} has learned nothing from {names}.", release=label, names=_named(added))
        if looks_up:
            text = say(
                "Sources: {release} looks things up in {names} at once, but has learned nothing from there.",
                release=label,
                names=_named(added),
            )
        found.append(text)
    if dropped:
        text = say("Sources: {release} keeps what it learned from {names}.", release=label, names=_named(dropped))
        found.append(text)
    return found


def _asks(holdout: Sequence[HoldoutQuestion], made: _Made) -> bool:
    """Return whether the owner's questions are those that were measured with.

    A question about a document that was left out was not.
    """
    wanted = {(one.question, one.answer or NOT_IN_DOCUMENTS): one.document_path is not None for one in holdout}
    asked = made.asked or frozenset()
    return asked <= wanted.keys() and all(key in asked or may_be_left_out for key, may_be_left_out in wanted.items())


def _named(names: Iterable[str]) -> str:
    found = sorted(names)
    shown = ", ".join(f"'{name}'" for name in found[:_MAX_NAMED])
    hidden = len(found) - _MAX_NAMED
    return say("{names} and {count} more", names=shown, count=number(hidden)) if hidden > 0 else shown
