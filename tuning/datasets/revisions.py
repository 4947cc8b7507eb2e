"""Feedback on drafts and summaries made into examples, over the prompt that a chat makes of the same words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from sqlmodel import Session

from tuning.datasets.material import Material
from tuning.datasets.preferences import CHANGED, Prompted, judged, objection
from tuning.datasets.questions import Seen
from tuning.documents.search import search
from tuning.documents.secrets import redact
from tuning.domain.conversations import Answer
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.feedback import Feedback, FeedbackState
from tuning.domain.prompts import Task, generation_messages, summary_messages
from tuning.governance.tenant import Tenant

_CANDIDATES = 12
"""Passages by which a precedent is found, as in a chat."""


def revised(
    session: Session,
    tenant: Tenant,
    material: Material,
    pairs: Sequence[Example],
    precedents: Mapping[str, str],
    *,
    dropped: Counter[str],
) -> list[Example]:
    """Return the pairs that no correction overtakes, and what people said of drafts and summaries.

    What people send along may be for nobody else, so that only what the owner has accepted is learned, and none of it
    where a file was read as the person. `precedents` has the text of each pair's precedent by its document's id;
    `dropped` counts what was left out, by reason. Without pairs there is nothing.
    """
    if not pairs:
        return []
    material = _reviewed(material, dropped)
    corrected = Seen(it.question for it in material.corrections)
    kept = [it for it in pairs if not corrected.has(_asked(it))]
    for it in pairs:
        is_held = it.split is Split.HOLDOUT
        reason = "hold-out pair that a correction answers" if is_held else "pair that a correction overtakes"
        dropped[reason] += corrected.has(_asked(it))
    prompts = _Prompts(session, tenant, material, kept, precedents)
    dataset_id, held = pairs[0].dataset_id, [_asked(it) for it in kept if it.split is Split.HOLDOUT]
    return [
        *kept,
        *_corrected(dataset_id, material, prompts, dropped),
        *judged(dataset_id, material, prompts.of_answer, held, dropped),
    ]


def _reviewed(material: Material, dropped: Counter[str]) -> Material:
    """Return what a dataset is made of with no more of what people said than may be learned of drafts and summaries."""
    corrections: list[Feedback] = []
    for given in material.corrections:
        answer = material.corrected.get(given.id)
        if answer is not None and (reason := objection(given, answer, material, material.documents)):
            dropped[reason] += 1
        else:
            corrections.append(given)
    accepted = [(given, answer) for given, answer in material.judged if given.state is FeedbackState.ACCEPTED]
    dropped["thumb on a draft or summary, as no owner has reviewed it"] += len(material.judged) - len(accepted)
    judged = [it for it in accepted if not objection(*it, material, material.documents)]
    return replace(material, corrections=corrections, judged=judged)


class _Prompts:
    """The prompts of an agent for drafts or summaries, as a chat makes them of what a person sends."""

    def __init__(
        self,
        session: Session,
        tenant: Tenant,
        material: Material,
        pairs: Sequence[Example],
        precedents: Mapping[str, str],
    ) -> None:
        self._session = session
        self._people = tenant.people
        self._agent = material.agent
        self._precedents = precedents
        learned = [it for it in pairs if it.split is Split.TRAIN]
        self._precedent_of = {place: str(it.document_id) for it in learned for place in it.detail["document_ids"]}

    def of_answer(self, given: Feedback, answer: Answer) -> Prompted | str:
        """Return the prompt of an answer that somebody gave feedback on, in the words that its owner accepted."""
        return self.of(answer.person_id, given.question) or CHANGED

    def of(self, person_id: str, asked: str) -> Prompted | None:
        """Return the prompt that what a person asked becomes; None if it would take a precedent, and there is none."""
        text = redact(asked).text
        if self._agent.task is Task.SUMMARY:
            return Prompted(messages=summary_messages(text, instructions=self._agent.guidance), detail={})
        found = search(
            self._session,
            asked,
            principals=self._people.principals(person_id),
            source_ids=self._agent.source_ids,
            limit=_CANDIDATES,
        )
        near = (self._precedent_of[it.document_id] for it in found if it.document_id in self._precedent_of)
        precedent_id = next(chain(near, sorted(self._precedent_of.values())), None)
        if precedent_id is None:
            return None
        messages = generation_messages(self._precedents[precedent_id], text, instructions=self._agent.guidance)
        return Prompted(messages=messages, detail={"document_ids": [precedent_id]})


def _corrected(dataset_id: str, material: Material, prompts: _Prompts, dropped: Counter[str]) -> Iterator[Example]:
    """Give the accepted corrections, each to be learned and to be kept to."""
    for given in material.corrections:
        prompted = prompts.of(given.person_id, given.question)
        if prompted is None:
            dropped["correction of a draft without a precedent to learn from"] += 1
            continue
        for split in (Split.TRAIN, Split.REGRESSION):
            yield Example(
                dataset_id=dataset_id,
                split=split,
                origin=Origin.CORRECTION,
                messages=prompted.messages,
                completion=redact(given.correction).text,
                question=given.question,
                feedback_id=given.id,
                detail=dict(prompted.detail),
            )


def _asked(pair: Example) -> str:
    """Return what a pair's prompt would be made of in a chat: the brief, or the document to summarise."""
    content = pair.messages[-1]["content"]
    _, is_draft, brief = content.rpartition("\n\nBrief:\n")
    return brief if is_draft else content.removeprefix("Document:\n")
