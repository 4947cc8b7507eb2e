"""The examples that the starter learns from: conversations, each in the very wording that agents use."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tuning.domain.prompts import (
    NOT_IN_DOCUMENTS,
    Message,
    Task,
    generation_messages,
    guidance,
    question_messages,
    question_writer_messages,
    summary_messages,
)
from tuning.rephrasing.words import rephrased
from tuning.starter.drafts import Draft, invent_draft
from tuning.starter.evidence import Copy, Evidence, Replacement, evidence_of, moved
from tuning.starter.facts import AREAS
from tuning.starter.fillers import CHATTER, INSTRUCTIONS, QUESTIONNAIRE
from tuning.starter.loosening import loosened, words
from tuning.starter.passages import EVERYDAY, Fact, Source, invent_fact, invent_sources, other_topic
from tuning.starter.summaries import invent_summary
from tuning.starter.topics import named, topics_of, words_of
from tuning.starter.wording import invented, say

VARIETY = 0.5
"""How much questions and statements vary by the end of the training, and in examinations: see `invent_sources`."""

LOOSENED = 0.5
"""Share of the questions that are asked loosely by the end of the training."""

REPHRASED = 0.4
"""Share of the questions that synonyms are put into by the end of the training, and in examinations."""

_SIBLING = 0.6
"""Of the questions that no passage answers, the share about a topic of theirs, if they have one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A conversation to learn from, or to be examined on."""

    skill: str
    """Which skill it shows."""
    messages: list[Message]
    """The conversation, ending with the answer."""
    targets: frozenset[int]
    """Which of the messages are answers to learn."""
    asked: int = 0
    """Which of the messages asks the first question, and holds the passages."""
    evidence: tuple[Evidence, ...] = ()
    """Where that message states facts."""
    support: tuple[Evidence | None, ...] = ()
    """For each answer where that message states it, if it does."""
    copies: tuple[Copy, ...] = ()
    """Which parts of the answers stand in that message."""
    replacements: tuple[Replacement, ...] = ()
    """Which of that message's values take the place of others."""
    sentences: tuple[range, ...] = ()
    """Where its sentences stand, if an answer chooses among them."""


def _answered(
    prompt: list[Message],
    answer: str,
    skill: str,
    *,
    copies: Iterable[tuple[range, range]] = (),
    replacements: Sequence[Replacement] = (),
    sentences: Sequence[range] = (),
) -> Row:
    """Return a row of one answer; `copies` are its parts and where they stand in the last message of the prompt."""
    messages = [*prompt, Message(role="assistant", content=answer)]
    last = len(messages) - 1
    return Row(
        skill=skill,
        messages=messages,
        targets=frozenset({last}),
        asked=last - 1,
        copies=tuple(Copy(message=last, part=part, source=source) for part, source in copies),
        replacements=tuple(replacements),
        sentences=tuple(sentences),
    )


def _instructions(rng: random.Random, task: Task) -> str:
    """Return what an owner may have said in the questionnaire and beside it, now and then."""
    answers = {key: say(rng, rng.choice(told), x=invented(rng)) for key, told in QUESTIONNAIRE.items()}
    own = say(rng, rng.choice(INSTRUCTIONS), x=invented(rng)) if rng.random() < 0.15 else ""
    return guidance(task, answers if rng.random() < 0.3 else {}, own)


def _history(rng: random.Random) -> list[Message]:
    """Return what was said before, now and then: small talk, and questions whose passages are gone."""
    history: list[Message] = []
    while rng.random() < 0.1 and len(history) < 6:
        if rng.random() < 0.3:
            asked, answered = rng.choice(CHATTER)
        else:
            fact = _any_fact(rng)
            asked = fact.questions[-1]
            answered = f"{fact.answer} [{rng.randint(1, 5)}]" if rng.random() < 0.8 else NOT_IN_DOCUMENTS
        history += [Message(role="user", content=say(rng, asked)), Message(role="assistant", content=answered)]
    return history


def _any_fact(rng: random.Random) -> Fact:
    area = rng.choice(list(AREAS))
    if rng.random() < EVERYDAY:
        return invent_fact(rng, rng.choice(named(rng.choice(topics_of(area)), invented(rng)).aspects))
    return invent_fact(rng, rng.choice(AREAS[area]))


def missing_fact(rng: random.Random, sources: Sequence[Source]) -> Fact:
    """Return a fact that none of the passages states, though it sounds as if they might."""
    known = {fact.identity for source in sources for fact in source.facts}
    labels = {label for _, label, _ in known}
    left = [aspect for source in sources if source.topic for aspect in source.topic.aspects]
    if (left := [aspect for aspect in left if aspect.about[0] not in labels]) and rng.random() < _SIBLING:
        return invent_fact(rng, rng.choice(left))
    if rng.random() < EVERYDAY:
        topic = named(other_topic(rng, rng.choice(list(AREAS)), sources), invented(rng))
        if not any(topic.words & words_of(label) for label in labels):
            return invent_fact(rng, rng.choice(topic.aspects))
    topics = {word for source in sources if source.topic for word in source.topic.words}
    stated = {identity[:2] for identity in known}
    families = {identity[0] for identity in known}
    everything = [family for families_of_area in AREAS.values() for family in families_of_area]
    near = [family for family in everything if family.questions[0] in families]
    while True:
        fact = invent_fact(rng, rng.choice(near if near and rng.random() < 0.5 else everything))
        is_foreign = not topics & words_of(fact.identity[1])
        if is_foreign and fact.identity[:2] not in stated and not _overlaps(fact, sources):
            return fact


def _overlaps(fact: Fact, sources: Sequence[Source]) -> bool:
    """Whether a stated fact of the same family is about something whose name shares a word with this fact's."""
    small = {"a", "an", "the", "of", "to", "for", "and", "new", "old", "company", "my", "in", "more", "than"}
    words = {word.rstrip("s") for word in fact.identity[1].lower().split()} - small
    return any(
        known.identity[0] == fact.identity[0]
        and words.intersection(word.rstrip("s") for word in known.identity[1].lower().split())
        for source in sources
        for known in source.facts
    )


def question_row(
    rng: random.Random,
    *,
    passages: tuple[int, int],
    facts_each: tuple[int, int],
    fillers: tuple[int, int],
    asked: tuple[int, int] = (1, 1),
    missing: float = 0.2,
    variety: float = VARIETY,
    value_first: float = 0.0,
    rephrase: float = REPHRASED,
    loosen: float = 0.0,
    everyday: float = EVERYDAY,
    unseen: bool = False,
) -> Row:
    """Return questions over numbered passages, the first one as an agent gets it, the others following up on it."""
    sources = invent_sources(
        rng,
        count=rng.randint(*passages),
        facts_each=facts_each,
        fillers=fillers,
        variety=variety,
        value_first=value_first,
        everyday=everyday,
        unseen=unseen,
    )
    rng.shuffle(sources)
    stated = [(number, fact) for number, source in enumerate(sources, start=1) for fact in source.facts]
    chosen = rng.sample(stated, min(len(stated), rng.randint(*asked)))
    pairs: list[tuple[str, str, Fact | None]] = []
    for number, fact in chosen:
        if rng.random() < missing:
            missed = missing_fact(rng, sources)
            pairs.append((_asked(rng, missed, rephrase, loosen, sources), NOT_IN_DOCUMENTS, None))
        else:
            pairs.append((_asked(rng, fact, rephrase, loosen, sources), f"{fact.answer} [{number}]", fact))
    messages = question_messages(
        pairs[0][0],
        [source.passage for source in sources],
        instructions=_instructions(rng, Task.QUESTIONS),
        history=_history(rng),
    )
    asked_at = len(messages) - 1
    for index, (question, answer, _) in enumerate(pairs):
        if index:
            messages.append(Message(role="user", content=f"Question: {question}"))
        messages.append(Message(role="assistant", content=answer))
    evidence = evidence_of(sources, messages[asked_at]["content"])
    found = [(asked_at + 1 + 2 * index, evidence.get(fact)) for index, (_, _, fact) in enumerate(pairs) if fact]
    return Row(
        skill="refusal" if len(pairs) == 1 and pairs[0][2] is None else "questions",
        messages=messages,
        targets=frozenset(range(asked_at + 1, len(messages), 2)),
        asked=asked_at,
        evidence=tuple(evidence.values()),
        support=tuple(evidence.get(fact) if fact else None for _, _, fact in pairs),
        copies=tuple(
            Copy(message=index, part=range(len(stated.value)), source=stated.value) for index, stated in found if stated
        ),
    )


def _asked(rng: random.Random, fact: Fact, rephrase: float, loosen: float, sources: Sequence[Source]) -> str:
    """Return a question for the fact, with these probabilities in words that its statement does not have.

    However loosely it is asked, a word stays that no other fact is about.
    """
    question = rng.choice(fact.questions)
    if rng.random() < rephrase:
        question = rephrased(question, rng)
    if rng.random() >= loosen:
        return question
    about = words(fact.identity[1])
    others = [words(known.identity[1] + known.label) for source in sources for known in source.facts if known != fact]
    telling = sorted(about.intersection(words(question)).difference(*others))
    if not telling:
        return question
    kept = {rng.choice(telling), *words(fact.identity[2])}
    foreign = words(" ".join(f"{source.passage.title} {source.passage.text}" for source in sources))
    return loosened(rng, question, kept=kept, foreign=foreign)


def unread_row(rng: random.Random) -> Row:
    """Return a question without passages: the weights alone know nothing of invented companies."""
    prompt = question_messages(
        rng.choice(_any_fact(rng).questions), instructions=_instructions(rng, Task.QUESTIONS), history=_history(rng)
    )
    return _answered(prompt, NOT_IN_DOCUMENTS, "unread")


def writer_row(rng: random.Random, *, facts: tuple[int, int], fillers: tuple[int, int]) -> Row:
    """Return a passage and the questions that it answers, in the order of their answers."""
    source = invent_sources(rng, count=1, facts_each=facts, fillers=fillers)[0]
    text = source.passage.text
    ordered = sorted(
        source.facts, key=lambda fact: text.find(fact.statement if fact.statement in text else fact.label)
    )[:4]
    lines = [f"Q: {fact.questions[0]}\nA: {fact.answer}" for fact in ordered]
    return _answered(question_writer_messages(source.passage), "\n".join(lines), "writer")


def draft_row(rng: random.Random, *, longest: int) -> Row:
    """Return a precedent, a brief, and the precedent's form filled in as the brief says."""
    draft = invent_draft(rng, longest=longest)
    prompt = generation_messages(draft.precedent, draft.brief, instructions=_instructions(rng, Task.GENERATION))
    message = prompt[-1]["content"]
    precedent_at = message.index(draft.precedent)
    brief_at = message.rindex(draft.brief)
    copies = [
        (part.draft, moved(part.brief, brief_at) if part.brief else moved(part.precedent, precedent_at))
        for part in draft.parts
    ]
    return _answered(
        prompt, draft.text, "draft", copies=copies, replacements=_replacements(draft, precedent_at, brief_at)
    )


def _replacements(draft: Draft, precedent_at: int, brief_at: int) -> list[Replacement]:
    """Return the values that change, as characters of a message that holds precedent and brief at these places."""
    places: dict[range, list[tuple[range, range]]] = {}
    for part in draft.parts:
        if part.brief is not None:
            old = part.precedent
            line = draft.precedent.find("\n", old.stop)
            after = range(old.stop, len(draft.precedent) if line < 0 else line)
            places.setdefault(part.brief, []).append((moved(old, precedent_at), moved(after, precedent_at)))
    return [
        Replacement(
            new=moved(new, brief_at), old=tuple(old for old, _ in found), after=tuple(after for _, after in found)
        )
        for new, found in places.items()
    ]


def summary_row(rng: random.Random, *, longest: int) -> Row:
    """Return a document and those of its sentences that matter."""
    invented_summary = invent_summary(rng, longest=longest)
    prompt = summary_messages(invented_summary.document, instructions=_instructions(rng, Task.SUMMARY))
    document_at = prompt[-1]["content"].index(invented_summary.document)
    sentences = [moved(sentence, document_at) for sentence in invented_summary.sentences]
    written = 0
    copies: list[tuple[range, range]] = []
    for index in invented_summary.important:
        source = sentences[index]
        copies.append((range(written, written + len(source)), source))
        written += len(source) + 1
    return _answered(prompt, invented_summary.text, "summary", copies=copies, sentences=sentences)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How long rows are at a stage of training."""

    passages: tuple[int, int]
    facts_each: tuple[int, int]
    fillers: tuple[int, int]
    asked: tuple[int, int]
    sentences: int
    """The most sentences in a draft or in a document to summarise."""
    missing: float = 0.2
    """Share of the questions that no passage answers: none at first, or a model learns to say nothing else."""


SIZES = {
    "tiny": Size(passages=(1, 2), facts_each=(1, 2), fillers=(0, 0), asked=(2, 4), sentences=3, missing=0.0),
    "short": Size(passages=(1, 3), facts_each=(1, 3), fillers=(0, 1), asked=(1, 6), sentences=4, missing=0.1),
    "excerpts": Size(passages=(3, 6), facts_each=(1, 2), fillers=(0, 1), asked=(3, 10), sentences=5, missing=0.3),
    "middle": Size(passages=(2, 5), facts_each=(1, 3), fillers=(0, 3), asked=(2, 12), sentences=7),
    "long": Size(passages=(3, 6), facts_each=(2, 6), fillers=(0, 5), asked=(4, 20), sentences=10),
}


def row(rng: random.Random, size: Size, *, variety: float = VARIETY, value_first: float = 0.0) -> Row:
    """Return one row of the mixture of skills at a size."""
    makers: tuple[tuple[float, Callable[[], Row]], ...] = (
        (
            0.60,
            lambda: question_row(
                rng,
                passages=size.passages,
                facts_each=size.facts_each,
                fillers=size.fillers,
                asked=size.asked,
                missing=size.missing,
                variety=variety,
                value_first=value_first,
                rephrase=REPHRASED * variety / VARIETY,
                loosen=LOOSENED * variety / VARIETY,
                everyday=EVERYDAY * variety / VARIETY,
            ),
        ),
        (0.02, lambda: unread_row(rng)),
        (0.12, lambda: writer_row(rng, facts=(1, max(2, size.facts_each[1])), fillers=size.fillers)),
        (0.14, lambda: draft_row(rng, longest=size.sentences)),
        (0.12, lambda: summary_row(rng, longest=size.sentences)),
    )
    return rng.choices([maker for _, maker in makers], [share for share, _ in makers])[0]()
