from hypothesis import given
from hypothesis import strategies as st

from tuning.documents.search import excerpt

TEXT = "Flights under 6 hours are in economy class. Upgrades are paid by the traveller. Trains may be in first class."


def test_the_sentence_that_fits_the_question_is_taken():
    assert excerpt("Who has to pay for an upgrade?", TEXT) == "Upgrades are paid by the traveller."


def test_a_synonym_fits_too():
    assert excerpt("How much vacation do I get?", "Meals are free. Holiday is 25 days.") == "Holiday is 25 days."


def test_what_holds_the_answer_is_never_cut_away():
    assert excerpt("Who pays for upgrades?", TEXT, answer="first class") == "Trains may be in first class."


def test_without_anything_in_common_the_beginning_is_taken():
    assert excerpt("Canteen?", TEXT) == "Flights under 6 hours are in economy class."


@given(st.text(max_size=40), st.text(min_size=1, max_size=200))
def test_any_text_has_an_excerpt(question, text):
    assert excerpt(question, text)
