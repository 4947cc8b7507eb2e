"""How owners label samples of what their agents learn: good, not good, or in their own words."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuning.domain.audit import Tag
from tuning.domain.documents import Document, DocumentPassage
from tuning.domain.errors import InvalidInput
from tuning.domain.permissions import Permission
from tuning.domain.runs import Run
from tuning.domain.samples import ROUND, Sample, Verdict
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, number, say
from tuning.store import agents, audit, documents, runs, samples

MAX_TEXT = 4_000
"""Characters of a question or answer that an owner writes."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A sample with what supports it."""

    sample: Sample
    document: Document | None
    passage: DocumentPassage | None


@dataclass(frozen=True, kw_only=True)
class Labelling:
    """Where the labelling of an agent's newest dataset stands."""

    samples: Sequence[Sample]
    """In the order to look at them, but for those of documents that the owner may not read any more."""
    run: Run | None
    """The run that is under way."""
    labelled: int
    """Samples of all datasets that an owner has said something of."""

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return -(-len(self.samples) // ROUND)

    def round_of(self, position: int) -> Sequence[Sample]:
        """Return the samples of the round that a place belongs to, counted from 0."""
        first = position // ROUND * ROUND
        return self.samples[first : first + ROUND]

    def next_open(self, position: int) -> int | None:
        """Return the place of the round's first sample without a label, from a place on and then from its beginning."""
        first = position // ROUND * ROUND
        places = range(first, first + len(self.round_of(position)))
        order = [*(it for it in places if it >= position), *(it for it in places if it < position)]
        return next((it for it in order if self.samples[it].verdict is None), None)


def look(tenant: Tenant, actor_id: str, agent_id: str) -> Labelling:
    """Return what an agent's owner may label; what they may not read any more is left out."""
    with access.act(tenant, actor_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, agent)
        who = tenant.people.principals(actor_id)
        found = samples.current(session, agent_id)
        readable = {
            document.id
            for document in documents.by_ids(session, sorted({it.document_id for it in found if it.document_id}))
            if not who.isdisjoint(document.readers)
        }
        return Labelling(
            samples=[it for it in found if it.document_id in readable],
            run=runs.open_run(session, agent_id),
            labelled=len(samples.labelled(session, agent_id)),
        )


def show(tenant: Tenant, sample: Sample) -> Shown:
    """Return a sample that its owner may see with its document and passage, as far as they are still there."""
    with tenant.store.reading() as session:
        found = documents.by_ids(session, [sample.document_id] if sample.document_id else [])
        passages = documents.passages(session, [it.id for it in found])
    passage = next((it for it in passages if it.id == sample.passage_id), None)
    return Shown(sample=sample, document=found[0] if found else None, passage=passage)


def label(
    tenant: Tenant, actor_id: str, sample_id: str, verdict: Verdict, *, question: str = "", answer: str = ""
) -> Sample:
    """Say what a sample is; again changes it. What is called good in other words than it has counts as edited.

    Raise `InvalidInput` for an edited one without a question or an answer, or with too much of either.
    """
    with access.act(tenant, actor_id, sample_id) as session:
        sample = samples.get_for_update(session, sample_id)
        access.check(session, tenant, actor_id, Permission.AGENT_LABEL, sample)
        words = (question.strip() or sample.question, answer.strip() or sample.answer)
        if verdict is Verdict.GOOD and words != (sample.question, sample.answer):
            verdict = Verdict.EDITED
        if verdict is Verdict.EDITED:
            _check(words[0], mark("question"))
            _check(words[1], mark("answer"))
        sample.label(actor_id, verdict, *words)
        session.add(sample)
        audit.record(session, Tag.SAMPLE_LABELLED, actor_id, sample.id, agent_id=sample.agent_id, verdict=verdict)
        return sample


def _check(text: str, what: str) -> None:
    if len(text) > MAX_TEXT:
        raise InvalidInput(
            say(
                "The {field} may have at most {most} characters; there are {count}. Shorten it.",
                field=say(what),
                most=number(MAX_TEXT),
                count=number(len(text)),
            )
        )
