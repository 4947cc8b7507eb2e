"""Facts made into examples: by heart and over passages, in many wordings, and some that nothing answers."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tuning.datasets.asked import ASKED
from tuning.datasets.material import Material, Retrieval
from tuning.datasets.questions import Context, Question, Seen, asks_the_same, content_words, normalised, unit_of
from tuning.datasets.wordings import wordings
from tuning.documents.expansion import Asked
from tuning.documents.passages import units
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.feedback import Feedback
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Message, Passage, question_messages

BY_HEART = 2
"""Wordings of each question that are learned without passages, and questions of people on each fact."""
MAX_OPEN = 2_400
"""Examples with passages."""
OPEN_WORDINGS = 2
"""How often a fact is asked for over passages: each time in other words, and among other passages."""
ASKED_TOGETHER = 8
"""Questions over the same passages, at most: a training reads those once for all of them."""
UNANSWERABLE_SHARE = 0.25
"""Questions that the passages shown don't answer, for each that they do."""
MAX_HOLDOUT = 120
MAX_UNANSWERED = 40
"""Questions of the hold-out that are also asked over passages without the answer: about 30 show no worse declining."""
MAX_ALONE = 5_000
"""Examples with a single unit, where a model is shown one."""
ALONE_WORDINGS = 3
"""How often a fact is asked for over its unit, each time in other words of people's."""
ALONE_UNANSWERABLE_SHARE = 0.3
"""Of these, those over the unit that search would show if the one that answers weren't there."""
_PASSAGES = (2, 2, 3, 3, 4)
_FOUND_AT = (0.65, 0.15, 0.1, 0.1)
"""How often search shows the passage that answers at each place, by its measure on people's questions (docs/search.md):
an example that hides it anywhere teaches that the order says nothing."""
_CORRECTION_WORDINGS = 8
_CORRECTION_OPEN = 6
_CORRECTION_TALKS = 4
"""Examples in which other things were asked before: what was answered there must not be the answer here."""
_MOST_EARLIER = 4
_SHOWN = 4
_CORRECTION_STRANGERS = 4
"""Questions that its passages don't answer, for each correction: a few corrections must not teach to answer always."""


class Assembly:
    """Makes the examples of one dataset for a task of questions, in a fixed order."""

    def __init__(self, dataset_id: str, material: Material, retrieval: Retrieval, dropped: Counter[str]) -> None:
        """Take what it is made of; `dropped` counts what was left out, by reason."""
        self._dataset_id = dataset_id
        self._material = material
        self._retrieval = retrieval
        self._dropped = dropped
        self._instructions = material.agent.guidance
        self._reserved = Seen(it.question for it in material.holdout)
        self._measured: dict[str, list[str]] = defaultdict(list)
        """Answer to the questions of the hold-out that have it, where documents are kept."""
        self._rng = random.Random(0)

    def examples(self, questions: Sequence[Question], overtaken: frozenset[int]) -> list[Example]:
        """Return all examples, given the questions and the passages that a correction has overtaken."""
        held = self._to_hold(questions)
        for question in held:
            self._measured[normalised(question.answer)].append(question.text)
        usable = [it for it in questions if self._split(it.context) is not Split.HOLDOUT]
        to_find = [
            (it, at) for it in usable if not self._is_measured(it.text, it.answer) and (at := unit_of(it)) is not None
        ]
        self._retrieval.learn(
            [
                Asked(question=it.text, place=(it.context.passage_id, at), document_id=it.context.document_id)
                for it, at in to_find
            ]
        )
        return [
            *self._running_text(overtaken),
            *self._learned(usable, to_find),
            *self._corrected(usable),
            *self._held(held),
            *(self._found_by(question, unit) for question, unit in to_find),
        ]

    def _found_by(self, question: Question, unit: int) -> Example:
        """Return the question for search, which finds this unit of its passage by it."""
        made = self._of(question, [], question.answer, origin=question.origin)
        made.split, made.detail = Split.SEARCH, {**made.detail, "unit": unit}
        return made

    def _to_hold(self, questions: Sequence[Question]) -> list[Question]:
        """Return one question for each fact of the reserved documents, but for those that a correction answers."""
        corrected = [it.question for it in self._material.corrections]
        facts = _one_per_fact([it for it in questions if self._split(it.context) is Split.HOLDOUT])
        found = [it for it in facts if not any(asks_the_same(it.text, other) for other in corrected)]
        self._dropped["hold-out question that a correction answers"] += len(facts) - len(found)
        return found

    def _is_measured(self, text: str, answer: str) -> bool:
        """Return whether the hold-out asks nearly this: in an owner's words, or for the same answer elsewhere."""
        alike = self._measured.get(normalised(answer), ())
        return self._reserved.has(text) or any(asks_the_same(text, other) for other in alike)

    def _running_text(self, skip: frozenset[int]) -> list[Example]:
        """Return the text of every passage to train on, but of those in `skip`, which a correction has overtaken."""
        return [
            self._example(
                Split.TRAIN if self._split(context) is Split.TRAIN else Split.VALIDATION,
                Origin.TEXT,
                [],
                f"{_above(context)}\n{context.passage.text}",
                context=context,
            )
            for context in self._material.contexts
            if self._split(context) is not Split.HOLDOUT and context.passage_id not in skip
        ]

    def _learned(self, usable: Sequence[Question], to_find: Sequence[tuple[Question, int]]) -> list[Example]:
        """Return the examples of questions whose documents are not reserved; `to_find`: those with their unit.

        A model that is shown single units is too small to learn much by heart: it learns to read these alone.
        """
        if self._retrieval.is_excerpted:
            near = sum(self._is_measured(it.text, it.answer) for it in usable)
            self._dropped["near a hold-out question"] += near
            self._dropped["answered by no single sentence"] += len(usable) - near - len(to_find)
            return self._alone(to_find)
        answers: dict[str, set[str]] = defaultdict(set)
        for question in usable:
            answers[normalised(question.text)].add(normalised(question.answer))
        found: list[Example] = []
        for question in _asked_a_little(usable):
            found += self._by_heart(question, is_ambiguous=len(answers[normalised(question.text)]) > 1)
        return [*found, *self._open(usable)]

    def _held(self, held: list[Question]) -> list[Example]:
        """Return the hold-out: the owner's questions, or else those on the reserved documents."""
        if self._material.holdout:
            return self._owned()
        self._rng.shuffle(held)
        asked = [self._closed(question, question.text) for question in held[:MAX_HOLDOUT]]
        return [*asked, *self._unanswered(held)]

    def _unanswered(self, held: Sequence[Question]) -> list[Example]:
        """Return questions of the hold-out over passages that don't answer them: does it still say so?"""
        found: list[Example] = []
        for question in held[:MAX_UNANSWERED]:
            if self._retrieval.is_excerpted:
                mistaken = self._retrieval.mistaken(question.text, question.answer)
                shown = [mistaken] if mistaken else []
            else:
                others = self._retrieval.distractors(question.text, question.context, _SHOWN)
                shown = _without(others, question)
            if shown:
                prompt = self._prompt(question.text, shown)
                found.append(self._of(question, prompt, NOT_IN_DOCUMENTS, origin=Origin.UNANSWERABLE, shown=shown))
        return found

    def _corrected(self, usable: Sequence[Question]) -> list[Example]:
        """Return the accepted corrections: by heart, against passages that may say otherwise, and to be kept to."""
        found: list[Example] = []
        for correction in self._material.corrections:
            ask, answer = correction.question, correction.correction
            shared: dict[str, Any] = {"question": ask, "feedback_id": correction.id}
            # What somebody in a hurry leaves out may be what a correction is about: it would be learned of all else.
            ways = wordings(ask, self._material.agent.name, _CORRECTION_WORDINGS, self._rng, is_whole=True)
            found += [
                self._example(Split.TRAIN, Origin.CORRECTION, self._prompt(way), answer, **shared) for way in ways
            ]
            shown = self._retrieval.best_to_learn(ask, _SHOWN)
            # An engine that is away, or without an encoder, leaves a chat with what is found by words.
            by_words = self._retrieval.best_to_learn_by_words(ask, _SHOWN)
            seen = {"passage_ids": sorted({it.passage_id for it in (*shown, *by_words)})}
            asked = [ask, ask, *ways[1:]]
            for number in range(_CORRECTION_OPEN if shown else 0):
                order = list(by_words if number % 2 and by_words else shown)
                if number > 1:
                    self._rng.shuffle(order)
                prompt = self._prompt(asked[number % len(asked)], order)
                found.append(self._example(Split.TRAIN, Origin.CORRECTION, prompt, answer, detail=seen, **shared))
            for number in range(_CORRECTION_TALKS if shown else 0):
                talk = self._talk(correction, usable)
                prompt = self._prompt(ask, by_words if number % 2 and by_words else shown, history=talk)
                found.append(self._example(Split.TRAIN, Origin.CORRECTION, prompt, answer, detail=seen, **shared))
            for _ in range(_CORRECTION_STRANGERS if shown and usable else 0):
                found += self._strange(usable, shown, [it.shown_with(ask) for it in shown])
            found.append(self._example(Split.REGRESSION, Origin.CORRECTION, self._prompt(ask), answer, **shared))
        return found

    def _talk(self, correction: Feedback, questions: Sequence[Question]) -> list[Message]:
        """Return what may have been asked and answered before a correction's question: other corrections, or facts."""
        said = [(it.question, it.correction) for it in self._material.corrections if it.id != correction.id]
        said += [(it.text, it.answer) for it in self._rng.sample(questions, min(len(questions), _MOST_EARLIER))]
        earlier = self._rng.sample(said, min(len(said), self._rng.randint(1, _MOST_EARLIER)))
        talk: list[Message] = []
        for asked, answered in earlier:
            talk += [Message(role="user", content=asked), Message(role="assistant", content=answered)]
        return talk

    def _by_heart(self, question: Question, *, is_ambiguous: bool) -> list[Example]:
        title = question.context.passage.title
        # By the question alone, so that the next dataset asks what is still so in the same words.
        count = 1 if question.made_by == ASKED else BY_HEART  # people have worded theirs themselves
        ways = wordings(question.text, title, count, random.Random(f"{title} {question.text}"))
        if is_ambiguous:
            ways = [f"{title}: {question.text}"]
            self._dropped["asked in several documents"] += 1
        kept = [way for way in ways if not self._is_measured(way, question.answer)]
        self._dropped["near a hold-out question"] += len(ways) - len(kept)
        split = self._split(question.context)
        return [self._closed(question, way) for way in (kept if split is Split.TRAIN else kept[:1])]

    def _alone(self, to_find: Sequence[tuple[Question, int]]) -> list[Example]:
        """Return questions, each over the one unit that answers it or, now and then, that is mistaken for it."""
        allowed = [question for question, _ in to_find]
        unit_by = {id(question): unit for question, unit in to_find}
        found: list[Example] = []
        for time in range(ALONE_WORDINGS + 1):
            for question in _one_per_fact(allowed, time):
                if time == ALONE_WORDINGS and not question.is_good:  # what the owner calls good comes once more
                    continue
                if len(found) >= MAX_ALONE:
                    return found
                found += self._over_unit(question, unit_by[id(question)], time)
        return found

    def _over_unit(self, question: Question, unit: int, time: int) -> Iterator[Example]:
        context = question.context
        # By the question alone, so that the next dataset asks what is still so in the same words.
        rng = random.Random(f"{context.passage.title} {question.text} {time}")
        text = question.text if question.made_by == ASKED else self._worded(question, rng)
        passage = replace(context.passage, text=units(context.passage.text)[unit])
        answer = question.answer + ("" if question.supersedes else " [1]")
        yield self._of(question, self._over(text, [passage]), answer, origin=question.origin, shown=[context])
        if rng.random() < ALONE_UNANSWERABLE_SHARE and (
            mistaken := self._retrieval.mistaken(question.text, question.supersedes or question.answer)
        ):
            prompt = self._over(text, [mistaken.shown_with(question.text)])
            yield self._of(question, prompt, NOT_IN_DOCUMENTS, origin=Origin.UNANSWERABLE, shown=[mistaken])

    def _open(self, questions: Sequence[Question]) -> list[Example]:
        """Return questions over passages, several over the same ones."""
        allowed = [it for it in questions if not self._is_measured(it.text, it.answer)]
        found: list[Example] = []
        for time in range(OPEN_WORDINGS + 1):
            facts, together = _one_per_fact(allowed, time), []
            on_passage: dict[int, list[Question]] = defaultdict(list)
            for fact in facts:
                on_passage[fact.context.passage_id].append(fact)
            for facts_there in on_passage.values():
                # What the owner calls good is asked once more than the rest.
                asked = facts_there if time < OPEN_WORDINGS else [it for it in facts_there if it.is_good]
                self._rng.shuffle(asked)
                together += [asked[start : start + ASKED_TOGETHER] for start in range(0, len(asked), ASKED_TOGETHER)]
            self._rng.shuffle(together)
            for asked in together:
                if len(found) >= MAX_OPEN:
                    return found
                found += self._over_passages(asked, facts)
        return found

    def _over_passages(self, asked: Sequence[Question], facts: Sequence[Question]) -> list[Example]:
        """Return questions on one passage, shown among others, and now and then one that none of these answers.

        All are asked over the very same text, so that a training reads it once for all of them.
        """
        first, context = self._worded(asked[0]), asked[0].context
        others = self._retrieval.distractors(first, context, self._rng.choice(_PASSAGES))
        others = _without(others, asked[0])
        shown = list(others)
        shown.insert(self._rng.choices(range(len(_FOUND_AT)), _FOUND_AT)[0], context)
        citation = f" [{1 + shown.index(context)}]"
        passages = [it.passage for it in shown]
        found: list[Example] = []
        for question in asked:
            if len(_without(others, question)) == len(others):  # or else either passage might be cited
                completion = question.answer + ("" if question.supersedes else citation)
                prompt = self._over(first if question is asked[0] else self._worded(question), passages)
                found.append(self._of(question, prompt, completion, origin=question.origin, shown=shown))
            if self._rng.random() < UNANSWERABLE_SHARE:
                found += self._strange(facts, shown, passages)
        return found

    def _strange(
        self, facts: Sequence[Question], shown: Sequence[Context], passages: Sequence[Passage]
    ) -> list[Example]:
        """Return a question that the passages don't answer, or none if the one picked stands in them."""
        stranger = self._rng.choice(facts)
        if self._reserved.has(stranger.text) or len(_without(shown, stranger)) < len(shown):
            return []
        prompt = self._over(self._worded(stranger), passages)
        return [self._of(stranger, prompt, NOT_IN_DOCUMENTS, origin=Origin.UNANSWERABLE, shown=shown)]

    def _worded(self, question: Question, rng: random.Random | None = None) -> str:
        """Return the question in some words, but not in those of the hold-out."""
        rng = rng or self._rng
        wording = rng.choice(wordings(question.text, question.context.passage.title, 3, rng))
        return question.text if self._is_measured(wording, question.answer) else wording

    def _owned(self) -> list[Example]:
        found = []
        taught = Seen(it.question for it in self._material.corrections)
        for held in self._material.holdout:
            if taught.has(held.question):
                self._dropped["hold-out question that a correction answers"] += 1
                continue
            document = self._material.at(held.document_path) if held.document_path else None
            if held.document_path and document is None:
                self._dropped["hold-out question on a document that is left out"] += 1
                continue
            supporting = [
                context.passage_id
                for context in self._material.contexts
                if document and context.document_id == document.id and (held.passage or "\0") in context.passage.text
            ]
            found.append(
                Example(
                    dataset_id=self._dataset_id,
                    split=Split.HOLDOUT,
                    origin=Origin.OWNER,
                    messages=self._prompt(held.question),
                    completion=held.answer or NOT_IN_DOCUMENTS,
                    question=held.question,
                    document_id=document.id if document else None,
                    passage_id=supporting[0] if supporting else None,
                    detail={"document_path": held.document_path or "", "passage": held.passage or ""},
                )
            )
        return found

    def _closed(self, question: Question, wording: str) -> Example:
        example = self._of(question, self._prompt(wording), question.answer, origin=question.origin)
        example.question = wording
        example.detail = {**example.detail, "document_path": self._path(question.context)}
        return example

    def _of(
        self,
        question: Question,
        prompt: list[Message],
        completion: str,
        *,
        origin: Origin,
        shown: Sequence[Context] = (),
    ) -> Example:
        detail: dict[str, Any] = {"made_by": question.made_by, "asked": question.text, "answer": question.answer}
        if question.supersedes:
            detail["supersedes"] = question.supersedes
        if shown:
            detail["passage_ids"] = [context.passage_id for context in shown]
        split, context = self._split(question.context), question.context
        made = self._example(split, origin, prompt, completion, context=context, question=question.text, detail=detail)
        made.sample_id = question.sample_id or None
        return made

    def _example(
        self,
        split: Split,
        origin: Origin,
        prompt: list[Message],
        completion: str,
        *,
        context: Context | None = None,
        question: str = "",
        feedback_id: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> Example:
        return Example(
            dataset_id=self._dataset_id,
            split=split,
            origin=origin,
            messages=prompt,
            completion=completion,
            question=question,
            document_id=context.document_id if context else None,
            passage_id=context.passage_id if context else None,
            feedback_id=feedback_id,
            detail=detail or {},
        )

    def _prompt(
        self, question: str, shown: Iterable[Context] = (), *, history: Sequence[Message] = ()
    ) -> list[Message]:
        passages = [context.shown_with(question) for context in shown]
        return self._over(question, passages, history)

    def _over(self, question: str, passages: Sequence[Passage], history: Sequence[Message] = ()) -> list[Message]:
        return question_messages(question, passages, instructions=self._instructions, history=history)

    def _split(self, context: Context) -> Split:
        return self._material.splits[context.document_id]

    def _path(self, context: Context) -> str:
        return self._material.address(self._material.documents[context.document_id])


def _above(context: Context) -> str:
    return f"{context.passage.title}{', ' + context.passage.heading if context.passage.heading else ''}"


def _one_per_fact(questions: Sequence[Question], time: int = 0) -> list[Question]:
    """Return one question for each answer of each passage: each `time` another of those that people asked.

    Where nobody has, it is the one that the owner wants, or else that says most.
    """
    by_fact: dict[tuple[int, str], list[Question]] = defaultdict(list)
    for question in questions:
        by_fact[question.context.passage_id, normalised(question.answer)].append(question)
    chosen = []
    for found in by_fact.values():
        people = [it for it in found if it.made_by == ASKED]
        chosen.append(people[time % len(people)] if people else max(found, key=_worth))
    return chosen


def _asked_a_little(questions: Sequence[Question]) -> Iterator[Question]:
    """Yield the questions, but of those that people asked no more on each fact than are learned by heart."""
    asked: Counter[tuple[int, str]] = Counter()
    for question in questions:
        fact = question.context.passage_id, normalised(question.answer)
        asked[fact] += question.made_by == ASKED
        if question.made_by != ASKED or asked[fact] <= BY_HEART:
            yield question


def _worth(question: Question) -> tuple[bool, int]:
    return question.is_good, len(content_words(question.text))


def _without(shown: Sequence[Context], question: Question) -> list[Context]:
    """Return the passages that don't hold the answer."""
    return [it for it in shown if normalised(question.answer) not in normalised(it.passage.text)]
