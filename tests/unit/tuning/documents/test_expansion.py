import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.documents import expansion
from tuning.documents.expansion import Asked, Expansion, learned
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.store import datasets

HOLIDAY, HOTEL, PAY = (1, 0), (1, 1), (2, 0)
QUESTIONS = {
    HOLIDAY: ("How many days off do I get?", "days of annual leave", "How long is my holiday?"),
    HOTEL: ("What may a room cost?", "hotel limit", "How much can I spend on a hotel?"),
    PAY: ("When is payday?", "On what day do I get my money?"),
}
ASKED = [
    Asked(question=question, place=place, document_id=f"d{place[0]}")
    for place, questions in QUESTIONS.items()
    for question in questions
]


@pytest.mark.parametrize(
    ("question", "place"),
    [("how many days of holiday?", HOLIDAY), ("costs of hotels", HOTEL), ("When do I get money?", PAY)],
)
def test_a_question_finds_what_was_asked_in_its_words(question, place):
    assert Expansion(ASKED).nearest(question)[0][0] == place


def test_words_that_are_asked_of_everything_tell_less_than_those_of_one_unit_alone():
    found = dict(Expansion(ASKED).nearest("How do I get payday?"))
    assert found[PAY] > found[HOLIDAY]


def test_a_question_in_words_that_nobody_used_finds_nothing():
    assert Expansion(ASKED).nearest("zebra crossing") == []
    assert Expansion(ASKED).nearest("?!") == []
    assert Expansion([]).nearest("holiday") == []


def test_words_that_nobody_used_make_what_is_found_less_like():
    ((place, alone),) = Expansion(ASKED).nearest("payday")
    ((_, beside),) = Expansion(ASKED).nearest("payday zebra")
    assert place == PAY
    assert beside < alone / 1.5


@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 3)), max_size=12), st.text(max_size=30))
def test_likenesses_are_shares_the_nearest_first(asked, question):
    known = Expansion(Asked(question=text, place=(1, unit), document_id="d") for text, unit in asked)
    found = [likeness for _, likeness in known.nearest(question)]
    assert all(0 < likeness <= 1 for likeness in found)
    assert found == sorted(found, reverse=True)


def example(question, **given):
    values = {"dataset_id": "one", "split": Split.SEARCH, "origin": Origin.LIST, "completion": "25 days"}
    where = {"passage_id": 7, "document_id": "d", "detail": {"unit": 1}}
    return Example(question=question, **{**values, **where, **given})


def test_a_dataset_has_taught_search_its_questions_and_none_that_it_trains_or_measures_with(store):
    with store.transaction() as session:
        other = example("payday", split=Split.TRAIN, detail={})
        datasets.add(session, Dataset(id="one", agent_id="agent"), [example("holiday"), other])
    with store.reading() as session:
        found = learned(session, "one")
        assert found is not None
        assert [place for place, _ in found.nearest("holiday")] == [(7, 1)]
        assert found.nearest("payday") == []
        assert found.document_ids == {"d"}
        assert learned(session, "one") is found, "it is not put together for each question"


def test_what_is_erased_teaches_search_no_more(store):
    with store.transaction() as session:
        datasets.add(session, Dataset(id="one", agent_id="agent"), [example("holiday")])
    with store.reading() as session:
        assert learned(session, "one") is not None
    with store.transaction() as session:
        datasets.remove(session, "one")
    with store.reading() as session:
        assert learned(session, "one") is None
        assert learned(session, "") is None


def test_only_the_datasets_asked_last_are_kept_in_memory(store, monkeypatch):
    monkeypatch.setattr(expansion, "_KEPT", 1)
    with store.transaction() as session:
        for name in ("one", "two"):
            datasets.add(session, Dataset(id=name, agent_id="agent"), [example("holiday", dataset_id=name)])
    with store.reading() as session:
        first = learned(session, "one")
        learned(session, "two")
        assert learned(session, "one") is not first
