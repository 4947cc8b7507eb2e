"""What of a passage is encoded, and how two rankings become one."""

from hypothesis import given
from hypothesis import strategies as st

from tuning.documents.search import fuse
from tuning.documents.vectors import texts
from tuning.domain.vectors import LONGEST
from tuning.store.matches import Match


def match(passage_id):
    return Match(passage_id=passage_id, document_id="d", title="", heading="", text="", url="", label="")


def test_a_passage_is_encoded_by_sentences_items_and_rows_each_after_its_heading():
    text = "Rooms cost 120 euros. Breakfast is extra!\n- Ask the desk.\n| City | Limit |\n|---|---|\n| Paris | 140 |"
    assert texts("Hotels", "Limits", text) == [
        "Limits: Rooms cost 120 euros.",
        "Limits: Breakfast is extra!",
        "Limits: - Ask the desk.",
        "Limits: | Paris | 140 |",
    ]
    assert texts("Hotels", "", "30 days is enough.") == ["Hotels: 30 days is enough."]


@given(st.text(max_size=40), st.text(max_size=400), st.text(max_size=3000))
def test_any_passage_has_units_and_none_is_longer_than_an_encoder_reads(title, heading, text):
    found = texts(title, heading, text)
    assert found
    assert max(map(len, found)) <= LONGEST


def test_what_stands_high_in_both_rankings_comes_before_the_first_of_one():
    words, meanings = [match(number) for number in (1, 2, 3)], [match(number) for number in (2, 4, 1)]
    scored = fuse(words, meanings)
    assert [it.passage_id for _, it in scored] == [2, 1, 4, 3]
    assert [score for score, _ in scored] == [1 / 12 + 1 / 11, 1 / 11 + 1 / 13, 1 / 12, 1 / 13]
