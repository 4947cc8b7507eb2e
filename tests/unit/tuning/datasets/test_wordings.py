from random import Random

from tuning.datasets.questions import content_words
from tuning.datasets.wordings import wordings

QUESTION = "What is the monthly limit of a company card?"


def fewest_words(*, is_whole: bool) -> int:
    asked = [way for seed in range(30) for way in wordings(QUESTION, "Guide", 8, Random(seed), is_whole=is_whole)]
    assert len(set(asked)) > 20
    return min(len(content_words(way)) for way in asked)


def test_only_a_whole_question_keeps_every_word_that_tells_what_it_is_about():
    assert fewest_words(is_whole=True) == len(content_words(QUESTION))
    assert fewest_words(is_whole=False) < len(content_words(QUESTION))
