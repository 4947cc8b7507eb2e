"""The inspection of a run's model: what to look into, and the child process that looks."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session

from tuning.documents.secrets import FoundSecret, find_secrets
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.evaluations import Variant
from tuning.domain.inspection import Inspection, Secret
from tuning.domain.prompts import Message
from tuning.store import datasets, documents
from tuning.training.inspection import InspectionRequest
from tuning.worker.training import run_module

PROMPTS = 16
LONGEST = 6_000
"""Characters of a prompt that is compared, about 2,000 tokens."""
SECRETS = 16
"""To look for at most, of all documents in turn."""
BEFORE = 400
"""Characters that a secret in running text is looked for after."""
_REQUEST = "inspection_request.json"
_PASSAGE = "\n\n"
"""What separates passages from the question."""


def choose_prompts(session: Session, dataset_id: str) -> list[list[Message]]:
    """Return prompts of the hold-out, and prompts with passages from what was trained on or kept for validation."""
    held = datasets.examples(session, dataset_id, split=Split.HOLDOUT)
    others = [
        *datasets.examples(session, dataset_id, split=Split.VALIDATION),
        *datasets.examples(session, dataset_id, split=Split.TRAIN),
    ]
    short = [one.messages for one in held if one.messages]
    long = [one.messages for one in others if one.messages and _PASSAGE in one.messages[-1]["content"]]
    return [*_spread(_brief(short)), *_spread(_brief(long))]


def choose_secrets(session: Session, dataset_id: str) -> list[Secret]:
    """Return secrets of the documents that were learned from, as the training met them: in an answer or in the text."""
    dataset = datasets.get(session, dataset_id)
    examples = datasets.examples(session, dataset_id, split=Split.TRAIN)
    answers = [one for one in examples if one.origin not in {Origin.TEXT, Origin.PREFERENCE}]
    titles = {it.id: it.title for it in documents.by_ids(session, list(dataset.document_hashes))}
    found: dict[str, list[Secret]] = {}
    for passage in documents.passages(session, list(dataset.document_hashes)):
        for secret in find_secrets(passage.text):
            known = found.setdefault(passage.document_id, [])
            if secret.text not in {one.text for one in known}:
                known.append(_secret(secret, passage.text, titles.get(passage.document_id, ""), answers))
    in_turn = sorted(
        ((place, document_id) for document_id, its in found.items() for place in range(len(its))), key=lambda it: it[0]
    )
    return [found[document_id][place] for place, document_id in in_turn[:SECRETS]]


def inspect(request: InspectionRequest, *, memory_bytes: int, watch: Callable[[], None]) -> Inspection:
    """Return what the trained model says; raise `RunFailed` if that can't be found out."""
    folder = request.result.parent
    written = folder / _REQUEST
    request.write(written)
    try:
        run_module("tuning.training.inspection", [str(written)], folder=folder, memory_bytes=memory_bytes, watch=watch)
    finally:
        written.unlink(missing_ok=True)  # it holds the secrets
    found: dict[str, Any] = json.loads(request.result.read_text(encoding="utf-8"))
    losses = {Variant(variant): values for variant, values in found.pop("losses").items()}
    return Inspection(**found, losses=losses)


def _secret(secret: FoundSecret, text: str, title: str, answers: Sequence[Example]) -> Secret:
    for one in answers:
        before, is_there, _ = one.completion.partition(secret.text)
        if is_there:
            return Secret(kind=secret.kind, title=title, messages=one.messages, before=before, text=secret.text)
    before = text[max(0, secret.start - BEFORE) : secret.start]
    return Secret(kind=secret.kind, title=title, messages=[], before=before, text=secret.text)


def _brief(prompts: list[list[Message]]) -> list[list[Message]]:
    """Return the prompts that every engine has room for; the shortest one where there is none."""
    by_length = sorted(prompts, key=_characters)
    return [it for it in prompts if _characters(it) <= LONGEST] or by_length[:1]


def _characters(prompt: list[Message]) -> int:
    return sum(len(message["content"]) for message in prompt)


def _spread(prompts: list[list[Message]]) -> list[list[Message]]:
    """Return half as many prompts as are compared, evenly spread, or all if there are fewer."""
    step = max(1, len(prompts) * 2 // PROMPTS)
    return prompts[::step][: PROMPTS // 2]
