import random

import pytest

from tuning.starter.facts import AREAS
from tuning.starter.passages import invent_fact, invent_sources, other_topic
from tuning.starter.rows import missing_fact
from tuning.starter.topics import Topic, named, topics_in, topics_of, words_of
from tuning.starter.wording import VALUES

FILE = """\
# Parking | Car park
= Price of a space : money_month; money
> A space costs {v}{e}.
? What do I pay to leave my car here{e}?
= Weight of the gate : size
> The gate of {x} weighs {v}.
? How heavy is the door of {x}?

# Post | Letters
= Where letters go : [in the tray; at the desk]
> Letters are left {v}.
? Where do I put my mail?
"""


def every_topic() -> list[Topic]:
    return [topic for area in AREAS for unseen in (False, True) for topic in topics_of(area, unseen=unseen)]


def test_a_file_holds_topics_with_aspects_and_their_values() -> None:
    parking, post = topics_in(FILE)
    assert (parking.name, post.name) == ("Parking", "Post")
    price, weight = parking.aspects
    assert (price.topics, price.values.split(), price.options) == ("Parking|Car park", ["money_month", "money"], ())
    assert weight.about == ("Weight of the gate, {x}",)
    assert post.aspects[0].options == ("in the tray", "at the desk")


def test_a_line_that_is_neither_sentence_nor_question_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with"):
        topics_in("# Parking\n= Price : money\nA space.\n")


def test_a_name_is_the_same_in_the_sentence_the_questions_and_the_label() -> None:
    weight = named(topics_in(FILE)[0], "Brent").aspects[1]
    fact = invent_fact(random.Random(1), weight)
    assert all("Brent" in text for text in (fact.statement, fact.label, fact.questions[0]))


def test_every_aspect_that_ships_states_its_value_and_leaves_no_slot_open() -> None:
    rng, kinds = random.Random(3), set[str]()
    for topic in every_topic():
        assert len({aspect.about for aspect in topic.aspects}) == len(topic.aspects), topic.name
        for aspect in named(topic, "Brent").aspects:
            kinds.update(aspect.values.split())
            assert len(aspect.statements) >= 3
            assert len(aspect.questions) >= 7
            assert all(line.count("{v}") == 1 for line in aspect.statements), aspect.about
            assert not any("{v}" in line for line in aspect.questions), aspect.about
            fact = invent_fact(rng, aspect)
            assert fact.answer in fact.statement
            for text in (fact.statement, fact.label, *fact.questions):
                assert not set(text) & set("{}|\0[]"), text
    assert kinds <= set(VALUES)


def test_topics_of_examinations_are_none_of_those_trained_on() -> None:
    for area in AREAS:
        trained = {topic.name for topic in topics_of(area)}
        kept = {topic.name for topic in topics_of(area, unseen=True)}
        assert kept
        assert not trained & kept


def test_passages_on_different_topics_cannot_be_taken_for_each_other() -> None:
    for seed in range(40):
        sources = invent_sources(random.Random(seed), count=5, facts_each=(1, 3), fillers=(0, 1), everyday=1.0)
        topics = {source.topic.name: source.topic for source in sources if source.topic}
        words = [word for topic in topics.values() for word in topic.words]
        assert len(words) == len(set(words))


def test_what_is_missing_often_belongs_to_a_topic_of_the_passages() -> None:
    siblings = 0
    for seed in range(40):
        rng = random.Random(seed)
        sources = invent_sources(rng, count=2, facts_each=(1, 2), fillers=(0, 0), everyday=1.0)
        stated = {fact.identity[1] for source in sources for fact in source.facts}
        missed = missing_fact(rng, sources)
        assert missed.identity[1] not in stated
        of_topics = {it.about[0] for source in sources if source.topic for it in source.topic.aspects}
        siblings += missed.identity[1] in of_topics
    assert 10 < siblings < 36


def test_another_topic_shares_no_word_with_those_of_the_passages() -> None:
    rng = random.Random(5)
    sources = invent_sources(rng, count=3, facts_each=(1, 1), fillers=(0, 0), everyday=1.0)
    said = {word for source in sources if source.topic for word in source.topic.words}
    assert not said & other_topic(rng, "hr", sources).words


def test_common_words_tell_nothing() -> None:
    assert words_of("The working time of your company's drivers") == {"driver"}
