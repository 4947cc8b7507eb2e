import random

import pytest

from tuning.starter.facts import AREAS
from tuning.starter.passages import Source, invent_fact, invent_sources
from tuning.starter.wording import VALUES, say

SEEDS = range(60)


def _sources(seed: int) -> list[Source]:
    return invent_sources(random.Random(seed), count=4, facts_each=(1, 5), fillers=(0, 4))


@pytest.mark.parametrize("area", AREAS)
def test_every_family_states_its_value_and_leaves_no_slot_open(area: str) -> None:
    rng = random.Random(3)
    for family in AREAS[area]:
        for _ in range(25):
            fact = invent_fact(rng, family)
            assert fact.answer in fact.statement
            for text in (fact.statement, *fact.questions):
                assert not set(text) & set("{}|\0"), text


def test_every_kind_of_value_that_families_name_exists() -> None:
    named = {kind for families in AREAS.values() for family in families for kind in family.values.split()}
    assert named <= set(VALUES)


def test_answers_stand_in_their_passages_word_for_word() -> None:
    for seed in SEEDS:
        for source in _sources(seed):
            assert source.facts
            for fact in source.facts:
                assert fact.answer in source.passage.text


def test_no_two_facts_of_a_prompt_answer_the_same_question() -> None:
    for seed in SEEDS:
        identities = [fact.identity for source in _sources(seed) for fact in source.facts]
        assert len(identities) == len(set(identities))


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    assert _sources(7) == _sources(7)
    assert _sources(7) != _sources(8)


def test_say_chooses_the_innermost_alternatives_first_and_fills_slots() -> None:
    said = {say(random.Random(seed), "(a|b(c|d)) {x}", x="(e|f)") for seed in range(50)}
    assert said == {"a (e|f)", "bc (e|f)", "bd (e|f)"}
