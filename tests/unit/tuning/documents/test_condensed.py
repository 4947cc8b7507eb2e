from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tuning.documents.excerpts import condensed
from tuning.documents.search import FoundPassage

SENTENCES = ("Meals are free.", "Holiday is 25 days.", "Trains may be first class.")


def found(number, *likenesses, sentences=SENTENCES):
    text = " ".join(sentences[: len(likenesses)] or sentences)
    return FoundPassage(
        passage_id=number,
        document_id=f"d{number}",
        title="Guide",
        heading="",
        text=text,
        excerpt=sentences[0],
        likenesses=likenesses,
        url="",
        label="",
        score=1.0,
    )


def test_a_passage_shows_both_of_its_sentences_that_fit_in_the_order_of_the_text():
    (shown,) = condensed([found(1, 0.7, 0.1, 0.9)], 2)
    assert shown.excerpt == "Meals are free.\nTrains may be first class."


def test_a_passage_that_only_looks_like_the_question_gives_way_to_the_sentences_of_another():
    shown = condensed([found(1, 0.2), found(2, 0.8, 0.9)], 2)
    assert [it.passage_id for it in shown] == [2]


def test_the_passage_with_the_nearest_sentence_comes_first():
    shown = condensed([found(1, 0.5), found(2, 0.8)], 2)
    assert [it.passage_id for it in shown] == [2, 1]


def test_words_and_meaning_count_together():
    like, worded = replace(found(1, 0.9, 0.1), fits=(0.0, 0.0)), replace(found(2, 0.5, 0.1), fits=(2.0, 0.0))
    assert [it.passage_id for it in condensed([like, worded], 2)] == [2, 1]
    worded = replace(worded, fits=(1.0, 0.0))
    assert [it.passage_id for it in condensed([like, worded], 2)] == [1, 2]


def test_a_passage_that_has_no_vectors_yet_is_compared_by_its_words():
    unread = replace(found(2), fits=(0.0, 1.0, 0.0))
    shown = condensed([replace(found(1, 0.4, 0.2), fits=(0.0, 0.0)), unread], 1)
    assert [(it.passage_id, it.excerpt) for it in shown] == [(2, "Holiday is 25 days.")]


def test_a_passage_that_has_no_vectors_yet_keeps_its_place():
    unknown = found(2)  # and no text of Attune's own
    shown = condensed([found(1, 0.9), unknown, found(3, 0.5), found(4, 0.4)], 3)
    assert [it.passage_id for it in shown] == [1, 2, 3]
    assert shown[1] == unknown


def test_what_nothing_was_compared_with_stays_as_it_is():
    passages = [found(1), found(2), found(3)]
    assert condensed(passages, 2) == passages[:2]


def test_by_words_alone_the_units_that_fit_best_are_shown_unless_search_ranks_their_passage_far_behind():
    first, second = replace(found(1), fits=(0.2, 1.6, 0.3)), replace(found(2), fits=(1.5, 0.0, 1.4))
    shown = condensed([first, second], 2)
    assert [it.excerpt for it in shown] == ["Holiday is 25 days.", "Meals are free."]
    shown = condensed([first, found(3), found(4), second], 2)
    assert [it.excerpt for it in shown] == ["Holiday is 25 days.\nTrains may be first class."]


def test_where_search_has_learned_from_questions_the_unit_that_was_asked_like_this_is_shown_alone():
    first, second = replace(found(1), fits=(2.0, 0.0, 0.0)), replace(found(2), fits=(1.0, 0.0, 0.0))
    asked = replace(second, asked=(0.1, 0.5, 0.1))
    (shown,) = condensed([replace(first, asked=(0.0, 0.0, 0.0)), asked], 4)
    assert (shown.passage_id, shown.excerpt) == (2, "Holiday is 25 days.")


def test_what_sharepoint_found_just_now_keeps_its_place_before_what_search_has_learned():
    live, learned = found(1), replace(found(2), fits=(1.0, 0.0, 0.0), asked=(0.5, 0.1, 0.1))
    assert condensed([live, learned], 4) == [live]
    assert [it.passage_id for it in condensed([learned, live], 4)] == [2]


def test_nothing_found_shows_nothing():
    assert condensed([], 4) == []


@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=3), min_size=1, max_size=6), st.integers(1, 5))
def test_no_more_units_are_shown_than_allowed_and_none_that_is_further_than_one_left_out(rows, limit):
    shown = condensed([found(number, *row) for number, row in enumerate(rows)], limit)
    units = sum(it.excerpt.count("\n") + 1 for it in shown)
    assert units == min(limit, sum(map(len, rows)))
