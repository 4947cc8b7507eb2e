"""Search among many passages: words that are in all of them don't hide the one that is asked for."""

import pytest

from tests.factories import keep, make_document, make_source
from tuning.documents.search import search
from tuning.domain.documents import DocumentPassage
from tuning.store import documents, matches

COUNT = 300


@pytest.fixture
def library(store):
    keep(store, make_source())
    texts = [f"Day {at} of leave is paid." for at in range(COUNT)] + ["A sabbatical is unpaid leave.", "Leave a key."]
    with store.transaction() as session:
        documents.save(session, make_document("Leave"))
        passages = [DocumentPassage(document_id="leave", position=at, text=text) for at, text in enumerate(texts)]
        documents.replace_passages(session, "leave", passages)
    return store


def first(store, question):
    with store.reading() as session:
        found = search(session, question, principals=frozenset({"organisation"}), source_ids=["source"])
    return [it.text for it in found]


@pytest.mark.parametrize("scored", [5, 1_000])
def test_the_rarer_words_of_a_question_lead_to_its_passage(library, monkeypatch, scored):
    monkeypatch.setattr(matches, "_SCORED", scored)
    assert first(library, "Is a sabbatical paid leave?")[0] == "A sabbatical is unpaid leave."
    assert first(library, "Where do I leave a key of the unheard-of building?")[0] == "Leave a key."
    assert len(first(library, "leave of an unheard-of kind")) == 4
    assert first(library, "unheard-of words") == []


def test_only_passages_with_the_rarer_words_are_scored_where_there_are_too_many(library, monkeypatch):
    if library.is_sqlite:
        monkeypatch.setattr(matches, "_SCORED", 5)
        assert first(library, "Is a sabbatical paid leave?") == ["A sabbatical is unpaid leave."]
        # Either word is in too many passages; those with both are fewer, and the best of all.
        assert all("is paid." in it for it in first(library, "paid leave"))
