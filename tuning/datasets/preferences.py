"""Feedback on answers made into preferences: the answer, what was said of it, and the passages it was given over."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tuning.datasets.material import Material, Retrieval
from tuning.datasets.questions import Context, Seen, normalised
from tuning.documents.secrets import redact
from tuning.domain.conversations import Answer, Beyond
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.feedback import Feedback, FeedbackState, Reaction
from tuning.domain.prompts import Message, question_messages

_SHOWN = 4
"""As many passages as a chat shows."""
CHANGED = "feedback on passages that are left out or have changed"


@dataclass(frozen=True, kw_only=True)
class Prompted:
    """The prompt that an answer was given to, made again."""

    messages: list[Message]
    detail: Mapping[str, Any]
    """Ids of the passages or documents in it."""


def preferences(dataset_id: str, material: Material, retrieval: Retrieval, dropped: Counter[str]) -> list[Example]:
    """Return an example for each correction and each bare thumb; `dropped` counts what was left out, by reason.

    Out stays what was answered over passages that are not all for training, or that are no longer found in that order:
    its prompt could not be made again, and its text may come from what the audience may not read. So may what an
    answer repeats of earlier ones.
    """
    learned = {document_id for document_id, split in material.splits.items() if split is Split.TRAIN}

    def prompted(given: Feedback, answer: Answer) -> Prompted | str:
        if reason := objection(given, answer, material, learned):
            return reason
        shown = _shown(answer, material, retrieval)
        if shown is None:
            return CHANGED
        passages = [it.shown_with(given.question) for it in shown]
        messages = question_messages(given.question, passages, instructions=material.agent.guidance)
        return Prompted(messages=messages, detail={"passage_ids": [it.passage_id for it in shown]})

    return judged(dataset_id, material, prompted, [it.question for it in material.holdout], dropped)


def judged(
    dataset_id: str,
    material: Material,
    prompted: Callable[[Feedback, Answer], Prompted | str],
    held: Iterable[str],
    dropped: Counter[str],
) -> list[Example]:
    """Return an example for each correction and each bare thumb on an answer whose prompt can be made again.

    A correction is the completion, and the answer that it corrects is rejected. A thumb has the answer as completion.
    `prompted` makes the prompt, or says why nothing may be learned. `held` is what the hold-out asks.
    """
    reserved = Seen(held)
    corrected = Seen(it.question for it in material.corrections)
    found: list[Example] = []
    met: set[tuple[str, str]] = set()
    for given, answer in material.judged:
        alike = (given.matter_id or given.id, normalised(answer.text))
        prompt = prompted(given, answer)
        if isinstance(prompt, str):
            dropped[prompt] += 1
        elif given.correction and normalised(given.correction) == normalised(answer.text):
            dropped["correction that says what the answer said"] += 1
        elif not given.correction and reserved.has(given.question):
            dropped["thumb near a hold-out question"] += 1
        elif not given.correction and corrected.has(given.question):
            dropped["thumb on a question that was corrected"] += 1
        elif alike in met:
            dropped["correction of the same answer, accepted together with another"] += 1
        else:
            met.add(alike)
            found.append(_example(dataset_id, given, answer, prompt))
    return found


def objection(given: Feedback, answer: Answer, material: Material, learned: Collection[str]) -> str:
    """Return why nothing may be learned of what was said of an answer; nothing where it may, as far as that goes.

    All documents that the model was shown have to be among the `learned`. What came otherwise, the audience may not be
    allowed to read: a correction that the owner has accepted is learned beside it, but for what was read as a person.
    """
    is_reviewed = given.state is FeedbackState.ACCEPTED and bool(given.correction)
    if not is_reviewed and answer.shown is None and _may_repeat(answer, material):
        return "thumb on an answer of which it was not noted what it was made of"
    if set(answer.beyond) & ({Beyond.LIVE, Beyond.LINK} if is_reviewed else set(Beyond)):
        return "feedback on what not all of the audience may be able to read"
    return "" if set(answer.shown or ()) <= set(learned) else CHANGED


def _may_repeat(answer: Answer, material: Material) -> bool:
    """Say whether an answer may be made of more than what search finds for its question."""
    return answer.id in material.unnoted_in_talks or material.agent.searches_live


def verdict(example: Example) -> dict[str, Any]:
    """Return what was said of a preference's completion: `rejected` or `is_liked`; nothing of other examples."""
    return {key: example.detail[key] for key in ("rejected", "is_liked") if key in example.detail}


def _shown(answer: Answer, material: Material, retrieval: Retrieval) -> list[Context] | None:
    """Return the passages that the asker was shown, if all are for training and those cited are where they were."""
    found = retrieval.shown_to(answer.person_id, answer.question, _SHOWN)
    shown = [it for it in found if it is not None and material.splits[it.document_id] is Split.TRAIN]
    if len(shown) < len(found):
        return None
    numbered = {number: context.document_id for number, context in enumerate(shown, start=1)}
    is_same = all(numbered.get(cited["position"]) == cited["document_id"] for cited in answer.citations)
    return shown if is_same else None


def _example(dataset_id: str, given: Feedback, answer: Answer, prompt: Prompted) -> Example:
    said: dict[str, Any] = (
        {"rejected": redact(answer.text).text} if given.correction else {"is_liked": given.reaction is Reaction.LIKE}
    )
    return Example(
        dataset_id=dataset_id,
        split=Split.TRAIN,
        origin=Origin.PREFERENCE,
        messages=prompt.messages,
        completion=redact(given.correction or answer.text).text,
        question=given.question,
        feedback_id=given.id,
        detail={**said, "answer_id": answer.id, **prompt.detail},
    )
