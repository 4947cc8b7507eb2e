"""What a person might ask next: questions that the agent learned about the documents it has just shown."""

from collections.abc import Iterable

from bot.questions import Question
from bot.turn import Scope
from tuning.domain.datasets import Example
from tuning.domain.prompts import Task
from tuning.governance.tenant import Tenant
from tuning.store import conversations, datasets, runs

MAX_FOLLOW_UPS = 3
MAX_LENGTH = 90
"""Characters of a question that still reads well on a phone's button."""
_AWKWARD = frozenset({"gap", "model"})
"""Makers whose questions serve to learn from, and read like it."""
_ASKED_BEFORE = 20
"""How many of a conversation's questions are not suggested again."""


def follow_ups(tenant: Tenant, question: Question, scope: Scope) -> dict[int, str]:
    """Return at most three questions about the documents that an answer cites, or that were found for it, by id.

    Only in personal chats, where one press asks; nothing whose answer has just been given, and nothing that was asked
    in this conversation before. The documents are those found for the asker, who may read them all.
    """
    if scope is not Scope.PERSONAL or question.agent.task is not Task.QUESTIONS:
        return {}
    answer = question.answer
    shown = {found.document_id: found.passage_id for found in reversed(question.passages)}
    cited = [str(citation["document_id"]) for citation in answer.citations] or list(shown)
    with tenant.store.reading() as session:
        learned = datasets.questions_about(session, runs.get(session, question.release.run_id).dataset_id or "", cited)
        before = conversations.answers(session, answer.conversation_id, limit=_ASKED_BEFORE)
    known = {_plain(one.question) for one in before} | {_plain(answer.question)}
    nearest = sorted(learned, key=lambda example: example.passage_id not in shown.values())
    return _chosen(nearest, known, _plain(answer.text))


def _chosen(learned: Iterable[Example], known: set[str], said: str) -> dict[int, str]:
    chosen: dict[int, str] = {}
    values: set[str] = set()
    """Their answers: of two that have the same one is too many."""
    for example in learned:
        asked, value = str(example.detail["asked"]), _plain(str(example.detail["answer"]))
        is_new = _plain(asked) not in known and value not in said and value not in values
        if example.id and is_new and len(asked) <= MAX_LENGTH and example.detail["made_by"] not in _AWKWARD:
            chosen[example.id] = asked
            values.add(value)
        if len(chosen) == MAX_FOLLOW_UPS:
            break
    return chosen


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?. ")
