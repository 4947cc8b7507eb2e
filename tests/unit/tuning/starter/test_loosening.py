import random

from tuning.starter.loosening import loosened, words


def test_words_that_matter_stay_and_foreign_ones_stay_out():
    question = "How often must I replace the winter tyres of pool cars at Grieshaiv?"
    foreign = words("The garage stores tyres.")
    for seed in range(50):
        said = loosened(random.Random(seed), question, kept=words("tyres"), foreign=foreign)
        assert {"tyres", "How", "often", "Grieshaiv?"} <= set(said.split())
        assert not words(said) & (foreign - words(question))
        assert said.endswith("?")


def test_some_words_go_and_some_are_replaced():
    said = [loosened(random.Random(seed), "Where do guests park?", kept=set(), foreign=set()) for seed in range(50)]
    assert "Where do guests park?" in said
    assert any(len(text.split()) < 4 for text in said)
    assert any(len(text.split()) == 4 and "guests" not in text for text in said)
