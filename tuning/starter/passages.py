"""Passages of invented documents, with the facts in them and the questions that ask for each."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tuning.domain.prompts import Passage
from tuning.starter.facts import AREAS, doing
from tuning.starter.facts.family import Family
from tuning.starter.fillers import FILLERS, TITLES
from tuning.starter.lexicon import ADJECTIVES, NOUNS, VERBS
from tuning.starter.topics import Topic, named, topics_of, words_of
from tuning.starter.wording import NUMBER_WORDS, VALUES, invented, say, sentence

_PLACES = (
    " in the {x} office",
    " at the {x} site",
    " in {x}",
    " in {x}",
    " for the {x} team",
    " for the {x} project",
    " at {x}",
    " for customers in {x}",
    " in the {x} department",
    " for staff of {x}",
    " in the {x} plant",
    " for {x} members",
    " under the {x} contract",
    " for external staff",
    " for managers",
    " for trainees",
    " in winter",
    " in summer",
    " for temporary staff",
    " at weekends",
    " during the trial",
    " for night workers",
    " for new starters",
    " outside Europe",
    " in large cities",
    " on public holidays",
    " for small orders",
)


_LIMIT = re.compile(r"\b(?:up to|at most|at least|no more than|within|after|before|by|until|every)\s+$", re.IGNORECASE)
_SPAN = re.compile(r"\b(?:from|between)\s+$", re.IGNORECASE)
_REFERENCE = re.compile(r"(?:form|template|extension|version) (\S*\d\S*)")


DEEDS = 0.5
"""Share of the facts, at full variety, that are about deeds, whatever the area."""
EVERYDAY = 0.6
"""Share of the passages, by the end of the training, that are about a topic of everyday life."""
_SAME_TOPIC = 0.3
"""Share of those that go on with the topic of another passage."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing a passage says."""

    identity: tuple[str, str, str]
    """Which fact it is: its family's first question, what it is about, and where it holds; never its value."""
    statement: str
    """The sentence that says it."""
    answer: str
    """Its value, word for word as in the sentence."""
    questions: tuple[str, ...]
    """Ways to ask for it: the first as somebody writes who takes care, the others as people do."""
    label: str = ""
    """What a table or a list calls it."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A passage with what is known about it."""

    passage: Passage
    facts: tuple[Fact, ...] = field(default=())
    topic: Topic | None = None
    """What it is about, when it states facts of everyday life."""


_COMMON = frozenset(
    [
        *NOUNS,
        *ADJECTIVES,
        *VERBS,
        "the",
        "we",
        "you",
        "for",
        "a",
        "an",
        "in",
        "please",
        "if",
        "all",
        "only",
        "to",
        "after",
        "our",
        "it",
        "employees",
        "staff",
    ]
)


def _compound(rng: random.Random) -> str:
    """Return a thing of working life that may not exist: 'yearly parking permit', 'visitor list'."""
    words = [rng.choice(NOUNS)]
    if rng.random() < 0.75:
        words.insert(0, rng.choice(NOUNS))
    if rng.random() < 0.35:
        words.insert(0, rng.choice(ADJECTIVES))
    return " ".join(words)


def _deed(rng: random.Random) -> str:
    """Return what somebody may do: 'announce the parking permit', 'check lists'."""
    article = rng.choice(("the ", "the ", "a ", "your ", "our ", "all ", ""))
    return f"{rng.choice(VERBS)} {article}{_compound(rng)}"


def subject(rng: random.Random, about: str) -> str:
    """Return what a fact is about, its names made up."""
    for place, made_up in (("{n}", _compound(rng)), ("{x}", invented(rng))):
        about = about.replace(place, made_up)
    stated, _, asked = about.partition(" = ")
    deeds = [_deed(rng) for _ in range(stated.count("{d}"))]
    for deed in deeds:
        stated = stated.replace("{d}", deed, 1)
        asked = asked.replace("{d}", deed, 1)
    return f"{stated} = {asked.replace('{d}', deeds[0])}" if deeds else about


def _pick(rng: random.Random, alternatives: str) -> str:
    return rng.choice(alternatives.split("|")).strip()


def _clean(question: str) -> str:
    question = " ".join(question.split()).replace(" ?", "?").replace(" .", ".").replace(" ,", ",")
    return sentence(question if question.endswith(("?", ".")) else question + "?")


def _setting(rng: random.Random) -> str:
    """Return what somebody tells about themselves before they ask, which matters little."""
    return say(
        rng,
        "(I am new here.|I work at {x}.|I travel to {x} next week.|I have read the guide twice.|My manager could not tell me.|We have a new colleague.|I started last month.|My team wants to know.|I am planning ahead.|A customer called.|I could not find this on the intranet.|I am about to fill in a form.)",
        x=invented(rng),
    )


def _finish(rng: random.Random, question: str, variety: float) -> str:
    question = " ".join(question.split()).replace(" ?", "?").replace(" .", ".").replace(" ,", ",")
    if not question.endswith(("?", ".")) and rng.random() < 0.8:
        question += "?"
    chance = rng.random() / max(variety, 1e-6)
    if chance < 0.06:
        question = question.lower().rstrip("?") if rng.random() < 0.5 else question.lower()
    elif chance < 0.12:
        question = (
            say(
                rng,
                rng.choice(
                    (
                        "(Hi, |Hello, |Quick question: |Sorry, |Good morning! |Could you tell me: |Please tell me: |A colleague asks: |I wonder: )",
                        "(Please help: |One more question: |Do you know: )",
                    )
                ),
            )
            + question
        )
    elif chance < 0.14:
        question = f"{_setting(rng)} {question}"
    elif chance < 0.16:
        question = f"{question} {say(rng, '(Thanks!|Thank you.|Please be exact.|I need to know today.|Many thanks|Is that written somewhere?)')}"
    elif chance < 0.17 and len(question) > 20:
        at = rng.randrange(4, len(question) - 3)
        question = question[:at] + rng.choice((question[at] * 2, question[at - 1], "")) + question[at + 1 :]
    return sentence(question) if rng.random() < 0.85 else question


def invent_fact(
    rng: random.Random,
    family: Family,
    *,
    where: str | None = None,
    stated: bool = True,
    variety: float = 1.0,
    value_first: float = 0.0,
) -> Fact:
    """Return a fact of a family; `where` says where it holds ('' for everywhere), by chance when None.

    When `stated` is false, only the questions say where: the title of the passage has to. `variety` goes from 0, where
    questions use the document's own words, to 1, where they often use others and are written in haste. `value_first` is
    the chance that the sentence is chosen among those that name the value before what it is the value of.
    """
    in_statement, _, in_questions = subject(rng, rng.choice(family.about)).partition(" = ")
    in_statement = in_statement.strip()
    others = [other.strip() for other in in_questions.split("|")]
    if where is None:
        where = rng.choice(_PLACES).replace("{x}", invented(rng)) if rng.random() < 0.15 * variety else ""
    answer = in_statement
    while answer.lower() in in_statement.lower():
        answer = rng.choice(family.options) if family.options else VALUES[rng.choice(family.values.split())](rng)
    reverse = [text for text in family.statements if text.find("{v}") < text.find("{k}")]
    templates = reverse if reverse and rng.random() < value_first else family.statements
    statement = say(rng, rng.choice(templates), k=in_statement, v="\0", e=where if stated else "").strip()
    if statement.startswith("\0") and answer[0].islower():
        answer = sentence(answer)
    statement = " ".join(sentence(statement.replace("\0", answer)).split())
    if answer not in statement:
        answer = statement[statement.lower().index(answer.lower()) :][: len(answer)]
    answer = _exact(statement, answer)
    same = rng.random() < 1 - 0.4 * variety
    careful = [question for question in family.questions if question.endswith("?")]
    plain = [
        say(rng, rng.choice(asked), k=in_statement if same else rng.choice(others), e=where)
        for asked in (careful, family.questions, family.questions)
    ]
    questions = (_clean(plain[0]), *(_finish(rng, question, variety) for question in plain[1:]))
    return Fact(
        identity=(family.questions[0], in_statement, where),
        statement=statement,
        answer=answer,
        questions=questions,
        label=sentence(in_statement + (where if stated else "")),
    )


def _exact(statement: str, value: str) -> str:
    """Return as much of the statement as answers, no less and no more.

    A word that limits a figure belongs to it: 'up to 160 euros' is not the same as '160 euros'. The kind of a
    reference does not: who asks which form it is wants 'RP-3'.
    """
    if found := _REFERENCE.fullmatch(value):
        return found[1]
    if not (value[0] in "$£€0123456789" or value.split(maxsplit=1)[0].lower() in NUMBER_WORDS):
        return value
    before = statement[: statement.index(value)]
    found = (_SPAN if " to " in value else _LIMIT).search(before)
    return statement[found.start() :][: len(before) - found.start() + len(value)] if found else value


def _decorate(rng: random.Random, fact: Fact, variety: float) -> str:
    """Return the statement, sometimes with something said before or after it that changes nothing."""
    chance = rng.random() / max(variety, 1e-6)
    text = fact.statement
    if chance < 0.08 and not text.startswith(fact.answer) and ":" not in text:
        before = say(
            rng,
            "(In general, |As a rule, |Please note: |At present, |Normally, |From now on, |As before, |Since last year, |For everybody's sake, |By agreement, )",
        )
        return before + (text if before.endswith(": ") else text[:1].lower() + text[1:])
    if chance < 0.2 and text.endswith("."):
        return (
            text[:-1]
            + say(
                rng,
                "(, so please plan for it|, as agreed with the works council|, and no exceptions are made|, which is reviewed every spring|; this is binding|, unless your contract says otherwise|, and this has worked well| - see also the annex|, because it is fair to everyone|, whatever the reason)",
            )
            + "."
        )
    return text


def _joined(rng: random.Random, sentences: list[str], answers: Sequence[str]) -> list[str]:
    """Return the sentences, some two of them made one, unless that would change how an answer is written."""
    result: list[str] = []
    for text in sentences:
        may_follow = text.split(" ", 1)[0].lower() in _COMMON and not text.startswith(tuple(answers))
        may_go_on = bool(result) and result[-1].endswith(".") and ";" not in result[-1]
        if may_follow and may_go_on and rng.random() < 0.12:
            joint = rng.choice(("; ", ", and ", ", but ", ", while "))
            result[-1] = result[-1][:-1] + joint + text[:1].lower() + text[1:]
        else:
            result.append(text)
    return result


def _prose(rng: random.Random, sentences: list[str]) -> str:
    if len(sentences) > 3 and rng.random() < 0.25:
        cut = rng.randrange(1, len(sentences))
        return " ".join(sentences[:cut]) + rng.choice(("\n", "\n\n")) + " ".join(sentences[cut:])
    return " ".join(sentences)


def _text(rng: random.Random, facts: Sequence[Fact], area: str, fillers: int, variety: float) -> str:
    pool = [*FILLERS[area], *FILLERS["any"]]
    said = [_decorate(rng, fact, variety) for fact in facts] + [
        say(rng, filler) for filler in rng.sample(pool, min(fillers, len(pool)))
    ]
    style = rng.random()
    if style < 0.72:
        rng.shuffle(said)
        return _prose(rng, _joined(rng, said, [fact.answer for fact in facts]))
    if style < 0.82:
        lines = [f"- {line}" if rng.random() < 0.9 else line for line in said[: len(facts)]]
        rng.shuffle(lines)
        return "\n".join([*said[len(facts) : len(facts) + 1], *lines])
    if style < 0.9:
        return "\n".join(
            f"{'Q: ' if rng.random() < 0.5 else ''}{fact.questions[0]}\n{'A: ' if rng.random() < 0.5 else ''}{fact.statement}"
            for fact in facts
        )
    if style < 0.95:
        return "\n".join(
            f"{rng.choice(('- ', '* ', '', '**'))}{fact.label}: {fact.answer}".replace("**", "") for fact in facts
        )
    head = rng.choice(
        (("Topic", "Rule"), ("Item", "Value"), ("What", "Details"), ("Subject", "Answer"), ("Case", "Rule"))
    )
    rows = [f"| {head[0]} | {head[1]} |", "| --- | --- |", *(f"| {fact.label} | {fact.answer} |" for fact in facts)]
    return "\n".join(rows)


def invent_source(
    rng: random.Random,
    *,
    area: str,
    company: str,
    facts: Sequence[Fact],
    topic: str,
    fillers: int,
    variety: float = 1.0,
) -> Source:
    """Return a passage that states these facts, under a title and a heading of its area."""
    title = _pick(rng, TITLES[area])
    title = rng.choice(
        (
            title,
            title,
            f"{company} {title}",
            f"{title} {rng.randint(2020, 2027)}",
            f"{title} - {company}",
            f"{title} {company}",
        )
    )
    heading = rng.choice(
        (
            topic,
            topic,
            topic,
            "",
            f"{_pick(rng, TITLES[area])} > {topic}",
            f"{rng.randint(1, 9)}. {topic}",
            f"{rng.randint(1, 9)}.{rng.randint(1, 9)} {topic}",
        )
    )
    return Source(
        passage=Passage(title=title, heading=heading, text=_text(rng, facts, area, fillers, variety)),
        facts=tuple(facts),
    )


def _table(rng: random.Random, area: str, variety: float) -> Source:
    """Return a passage that is a table of places or names in rows and kinds of fact in columns."""
    families = rng.sample(
        [family for family in AREAS[area] if "reason" not in family.values and "action" not in family.values],
        rng.choice((1, 2, 2, 3)),
    )
    keys = [rng.choice(family.about) for family in families]
    columns: list[str] = []
    askings: list[list[str]] = []
    for key in keys:
        stated, _, asked = subject(rng, key).partition(" = ")
        columns.append(sentence(stated.strip()))
        askings.append([other.strip() for other in asked.split("|")])
    kinds = [rng.choice(family.values.split()) for family in families]
    topics = [_pick(rng, family.topics) for family in families]
    heads = [
        f"{column} ({topic.lower()})" if rng.random() < 0.6 else column
        for column, topic in zip(columns, topics, strict=True)
    ]
    places = [invented(rng) for _ in range(rng.randint(2, 5))]
    rows: list[str] = []
    facts: list[Fact] = []
    for place in places:
        values = [VALUES[kind](rng) for kind in kinds]
        rows.append(f"| {place} | {' | '.join(values)} |")
        for family, column, others, value in zip(families, columns, askings, values, strict=True):
            where = rng.choice((f" in {place}", f" for {place}", f" at {place}"))
            plain = [
                say(rng, rng.choice(family.questions), k=rng.choice([*others, column.lower()]), e=where)
                for _ in range(2)
            ]
            questions = (_clean(plain[0]), _finish(rng, plain[1], variety))
            facts.append(
                Fact(
                    identity=(family.questions[0], column, where),
                    statement=f"{column} for {place}: {value}.",
                    answer=value,
                    questions=questions,
                    label=f"{column} for {place}",
                )
            )
    text = "\n".join(
        [
            f"| {rng.choice(('Place', 'Name', 'Site', 'Office', 'Team', 'City'))} | {' | '.join(heads)} |",
            "| " + " | ".join(["---"] * (len(heads) + 1)) + " |",
            *rows,
        ]
    )
    title = _pick(rng, TITLES[area])
    return Source(passage=Passage(title=title, heading=rng.choice((topics[0], "")), text=text), facts=tuple(facts))


def _facts_about_places(rng: random.Random, family: Family, variety: float) -> list[Fact]:
    """Return the same kind of fact about one thing, at several places: only the place tells them apart."""
    key = subject(rng, rng.choice(family.about))
    narrow = Family(
        topics=family.topics,
        about=(key,),
        values=rng.choice(family.values.split() or [""]),
        statements=family.statements,
        questions=family.questions,
        options=family.options,
    )
    places = {rng.choice(_PLACES).replace("{x}", invented(rng)) for _ in range(rng.randint(2, 3))}
    return [invent_fact(rng, narrow, where=place, variety=variety) for place in sorted(places)]


def _twins(
    rng: random.Random,
    area: str,
    company: str,
    *,
    facts_each: tuple[int, int],
    fillers: tuple[int, int],
    variety: float,
) -> list[Source]:
    """Return two passages that state the same kinds of fact about two places, which only their titles name."""
    families = rng.sample(AREAS[area], min(len(AREAS[area]), rng.randint(*facts_each)))
    narrow = [
        Family(
            topics=f.topics,
            about=(subject(rng, rng.choice(f.about)),),
            values=rng.choice(f.values.split()),
            statements=f.statements,
            questions=f.questions,
        )
        for f in families
    ]
    topic = _pick(rng, families[0].topics)
    pattern = rng.choice(
        (" in the {x} office", " at the {x} site", " in {x}", " for the {x} project", " in the {x} plant", " at {x}")
    )
    twins = []
    for _ in range(2):
        name = invented(rng)
        where = pattern.replace("{x}", name)
        facts = [invent_fact(rng, family, where=where, stated=False, variety=variety) for family in narrow]
        source = invent_source(
            rng,
            area=area,
            company=company,
            facts=facts,
            topic=topic,
            fillers=rng.randint(*fillers),
            variety=variety,
        )
        label = (
            where.replace(" in the ", "")
            .replace(" at the ", "")
            .replace(" for the ", "")
            .replace(" in ", "")
            .replace(" at ", "")
        )
        title = rng.choice(
            (
                f"{sentence(label)} {source.passage.title}",
                f"{source.passage.title}, {label}",
                f"{source.passage.title} - {sentence(label)}",
            )
        )
        passage = Passage(title=title, heading=source.passage.heading, text=source.passage.text)
        if rng.random() < 0.3:
            passage = Passage(title=source.passage.title, heading=sentence(label), text=source.passage.text)
        twins.append(Source(passage=passage, facts=source.facts))
    return twins


def _everyday(
    rng: random.Random,
    area: str,
    company: str,
    sources: Sequence[Source],
    *,
    facts_each: tuple[int, int],
    fillers: tuple[int, int],
    variety: float,
    unseen: bool,
) -> Source:
    """Return a passage on a topic of everyday life, or on what other passages have left unsaid of theirs."""
    begun = [source.topic for source in sources if source.topic]
    if begun and rng.random() < _SAME_TOPIC:
        topic = rng.choice(begun)
    else:
        topic = named(other_topic(rng, area, sources, unseen=unseen), invented(rng))
    known = {fact.identity[1] for source in sources for fact in source.facts}
    left = [aspect for aspect in topic.aspects if aspect.about[0] not in known] or topic.aspects
    chosen = rng.sample(left, min(len(left), rng.randint(*facts_each)))
    facts: list[Fact] = []
    for aspect in chosen:
        if rng.random() < 0.08 * variety and any("{e}" in text for text in aspect.statements):
            facts += _facts_about_places(rng, aspect, variety)
        else:
            facts.append(invent_fact(rng, aspect, variety=variety))
    heading = _pick(rng, topic.aspects[0].topics)
    source = invent_source(
        rng, area=area, company=company, facts=facts, topic=heading, fillers=rng.randint(*fillers), variety=variety
    )
    return Source(passage=source.passage, facts=source.facts, topic=topic)


def other_topic(rng: random.Random, area: str, sources: Sequence[Source], *, unseen: bool = False) -> Topic:
    """Return a topic, of this area if there is one, that nobody could take for one of those in the passages."""
    said = {word for source in sources if source.topic for word in source.topic.words}
    topic = rng.choice(topics_of(area, unseen=unseen))
    while said & topic.words:
        topic = rng.choice(topics_of(rng.choice(list(AREAS)), unseen=unseen))
    return topic


def invent_sources(
    rng: random.Random,
    *,
    count: int,
    facts_each: tuple[int, int],
    fillers: tuple[int, int],
    variety: float = 1.0,
    value_first: float = 0.0,
    everyday: float = EVERYDAY,
    unseen: bool = False,
) -> list[Source]:
    """Return passages of one invented company, most from one area of work, no fact said twice.

    `variety` goes from 0, plain statements and questions in their words, to 1: tables of places, the same thing at
    several places, and questions in other words. `everyday` is the share of passages on topics of everyday life; `unseen`
    topics are those that training leaves out.
    """
    company = invented(rng)
    main = rng.choice(list(AREAS))
    sources: list[Source] = []
    seen: set[tuple[str, str, str]] = set()
    while len(sources) < count:
        if count - len(sources) > 1 and rng.random() < 0.02 * variety:
            twins = _twins(rng, main, company, facts_each=facts_each, fillers=fillers, variety=variety)
            found = [fact.identity for twin in twins for fact in twin.facts]
            is_clear = all(_unambiguous(twin.facts, sources) and not _mixed_up(twin, sources) for twin in twins)
            if len(set(found)) == len(found) and is_clear:
                seen.update(found)
                sources += twins
        area = main if rng.random() < 0.7 else rng.choice(list(AREAS))
        if rng.random() < everyday:
            source = _everyday(
                rng, area, company, sources, facts_each=facts_each, fillers=fillers, variety=variety, unseen=unseen
            )
        elif rng.random() < 0.03 * variety:
            source = _table(rng, area, variety)
        else:
            facts: list[Fact] = []
            lead = rng.choice(AREAS[area])
            wanted = rng.randint(*facts_each)
            while len(facts) < wanted:
                families = doing.FAMILIES if rng.random() < DEEDS * variety else AREAS[area]
                family = lead if rng.random() < 0.16 * variety else rng.choice(families)
                if rng.random() < 0.04 * variety:
                    facts += _facts_about_places(rng, family, variety)
                else:
                    facts.append(invent_fact(rng, family, variety=variety, value_first=value_first))
                if rng.random() < 0.02:
                    break
            facts = facts[: wanted + 1]
            source = invent_source(
                rng,
                area=area,
                company=company,
                facts=facts,
                topic=_pick(rng, lead.topics),
                fillers=rng.randint(*fillers),
                variety=variety,
            )
        identities = [fact.identity for fact in source.facts]
        names = {(fact.questions, fact.label) for fact in source.facts}
        if (
            len(set(identities)) == len(identities) == len(names)
            and not seen.intersection(identities)
            and _unambiguous(source.facts, sources)
            and not _mixed_up(source, sources)
        ):
            seen.update(identities)
            sources.append(source)
    return sources


def _unambiguous(facts: Sequence[Fact], sources: Sequence[Source]) -> bool:
    """Whether no two of the facts answer the same question: the same family about the same thing needs different places."""
    known = [fact for source in sources for fact in source.facts]
    for index, fact in enumerate(facts):
        for other in [*known, *facts[:index]]:
            if fact.identity[0] == other.identity[0] and (
                fact.identity[1] == other.identity[1]
                and (not fact.identity[2] or not other.identity[2] or fact.identity[2] == other.identity[2])
            ):
                return False
    return True


def _mixed_up(source: Source, sources: Sequence[Source]) -> bool:
    """Whether a fact of no topic sounds as if it belonged to a topic of another passage."""
    everything = [source, *sources]
    topics = {word for one in everything if one.topic for word in one.topic.words}
    others = {word for one in everything if not one.topic for fact in one.facts for word in words_of(fact.identity[1])}
    return bool(topics & others)
