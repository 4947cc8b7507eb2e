"""Which samples an owner is to look at: the best and the most doubtful by turns, over many documents.

How good a sample is comes from what can be measured without a person: whether its answer stands in what supports it,
whether its question says what it is about, and whether the base model gives the same answer from the same passage, once
greedily and once by chance. What another document answers otherwise counts half.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tuning.datasets.questions import Context, Question, Seen, content_words, normalised, without_citation
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.prompts import question_messages
from tuning.domain.samples import ROUND, Reason, Sample
from tuning.inference import BASE, Inference, Prompt

MOST = 4 * ROUND
"""Samples of one dataset that an owner is offered: four rounds."""
TRIED = 64
"""Of which the model is asked again, at most."""
_WEARS_OFF = 0.1
"""What each earlier sample of a document counts against its next one."""
_ANSWER_TOKENS = 48
_TEMPERATURE = 0.8
_SAME = 0.5
"""Agreement below which it is told what the model said."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One sample with what was measured of it; see `Sample`."""

    question: str
    answer: str
    document_id: str
    passage_id: int | None = None
    context: Context | None = None
    support: float
    clarity: float
    agreement: float | None = None
    said: str = ""
    is_ambiguous: bool = False

    @property
    def score(self) -> float:
        """How good it seems, 0 to 1: the mean of what was measured, halved where it is ambiguous."""
        measured = [self.support, self.clarity, *([] if self.agreement is None else [self.agreement])]
        return sum(measured) / len(measured) / (2 if self.is_ambiguous else 1)


def choose(
    candidates: Sequence[Candidate], inference: Inference | None, *, agent_id: str, dataset_id: str
) -> list[Sample]:
    """Return what the owner is to look at, in order; the model is asked about the likeliest ones if it is given."""
    likeliest = [one for one, _ in in_order(candidates, TRIED)]
    tried = try_out(likeliest, inference) if inference else likeliest
    return [
        Sample(
            agent_id=agent_id,
            dataset_id=dataset_id,
            position=position,
            reason=reason,
            question=one.question,
            answer=one.answer,
            document_id=one.document_id,
            passage_id=one.passage_id,
            support=one.support,
            clarity=one.clarity,
            agreement=one.agreement,
            said=one.said,
            is_ambiguous=one.is_ambiguous,
        )
        for position, (one, reason) in enumerate(in_order(tried, MOST))
    ]


def in_order(candidates: Sequence[Candidate], most: int) -> list[tuple[Candidate, Reason]]:
    """Return the best and the most doubtful by turns; a document's next one stands back behind other documents'."""
    left, shown = list(candidates), Counter[str]()
    found: list[tuple[Candidate, Reason]] = []
    while left and len(found) < most:
        reason = Reason.DOUBTFUL if len(found) % 2 else Reason.BEST
        sign = -1 if reason is Reason.DOUBTFUL else 1
        worth = [sign * one.score - _WEARS_OFF * shown[one.document_id] for one in left]
        one = left.pop(worth.index(max(worth)))
        shown[one.document_id] += 1
        found.append((one, reason))
    return found


def of_questions(
    questions: Iterable[Question], known: Iterable[str], usable: Callable[[Context], bool]
) -> list[Candidate]:
    """Return the candidates among questions, but for those near one that is known, or that a person has worded."""
    found = [it for it in questions if usable(it.context) and not it.supersedes and not it.is_good]
    answers: dict[str, set[str]] = defaultdict(set)
    for it in found:
        answers[normalised(it.text)].add(normalised(it.answer))
    seen, fresh = Seen(known), []
    for it in found:
        if seen.has(it.text):
            continue
        seen.add(it.text)
        passage = it.context.passage
        fresh.append(
            Candidate(
                question=it.text,
                answer=it.answer,
                document_id=it.context.document_id,
                passage_id=it.context.passage_id,
                context=it.context,
                support=_share(it.answer, passage.text),
                clarity=_share(it.text, f"{passage.title} {passage.heading} {passage.text}"),
                is_ambiguous=len(answers[normalised(it.text)]) > 1,
            )
        )
    return fresh


def of_pairs(examples: Iterable[Example], known: Iterable[str]) -> list[Candidate]:
    """Return the candidates among pairs that are learned; how far a draft's words stand in what it is made of."""
    labelled = frozenset(known)
    return [
        Candidate(
            question=asked,
            answer=it.completion,
            document_id=it.document_id or "",
            support=_share(it.completion, asked),
            clarity=1.0,
        )
        for it in examples
        if it.split is Split.TRAIN
        and it.origin is Origin.PAIR
        and (asked := it.messages[-1]["content"]) not in labelled
    ]


def try_out(candidates: Sequence[Candidate], inference: Inference) -> list[Candidate]:
    """Return the candidates with how far the base model answers the same from their passages."""
    prompts = [
        Prompt(
            model=BASE,
            messages=question_messages(one.question, [one.context.shown_with(one.question, answer=one.answer)]),
            max_tokens=_ANSWER_TOKENS,
            temperature=_TEMPERATURE if by_chance else 0.0,
            seed=by_chance,
        )
        for one in candidates
        if one.context
        for by_chance in (0, 1)
    ]
    replies = iter(inference.answer_all(prompts))
    return [_judged(one, next(replies).text, next(replies).text) if one.context else one for one in candidates]


def _judged(one: Candidate, greedy: str, by_chance: str) -> Candidate:
    agreement = (_f1(greedy, one.answer) + _f1(by_chance, one.answer)) / 2
    said = without_citation(greedy) if _f1(greedy, one.answer) < _SAME else ""
    return replace(one, agreement=agreement, said=said)


def _share(words: str, text: str) -> float:
    """Return the share of a text's telling words that stand in another."""
    told = content_words(words)
    return len(told & content_words(text)) / len(told) if told else 1.0


def _f1(one: str, other: str) -> float:
    """Return the F1 of the words of two texts, each counted as often as it stands there."""
    first, second = Counter(normalised(one).split()), Counter(normalised(other).split())
    both = (first & second).total()
    return 2 * both / (first.total() + second.total()) if both else float(first == second)
