"""Search by vectors, on both databases: what they may read, and vectors that go with their passage."""

import numpy as np
import pytest
from sqlmodel import select

from tests.factories import keep, make_document, make_source
from tuning.documents import vectors
from tuning.documents.search import search
from tuning.domain.documents import DocumentPassage, PassageVectors
from tuning.domain.vectors import Encoded
from tuning.store import documents, matches

MEANINGS = ("trial", "probation"), ("hotel", "room"), ("secret", "bonus")
PASSAGES = {
    "Trial": ("organisation", "A newcomer is on trial for six months. The lead decides."),
    "Hotels": ("organisation", "A hotel costs 120 euros."),
    "Bonus": ("leads", "The bonus is a secret."),
    "Draft": ("", "Nobody reads of this trial."),
}


def embed(texts, *, encoder="by words"):
    """Vectors by what the words mean, and a little of the length so that no two are the same."""
    rows = [
        [*(any(word in text.lower() for word in words) for words in MEANINGS), 0.1, len(text) / 1e4] for text in texts
    ]
    made = np.array(rows, np.float32)
    return Encoded(encoder=encoder, vectors=made / np.linalg.norm(made, axis=1, keepdims=True))


@pytest.fixture
def library(store):
    keep(store, make_source())
    with store.transaction() as session:
        for title, (reader, text) in PASSAGES.items():
            document = make_document(title, [reader] if reader else [])
            documents.save(session, document)
            documents.replace_passages(
                session, document.id, [DocumentPassage(document_id=document.id, position=0, text=text)]
            )
    assert vectors.index(store, ["source"], "by words", embed) == len(PASSAGES)
    return store


def titles(store, question, *principals, source_ids=("source",), encoder="by words"):
    wanted = embed([question], encoder=encoder)
    with store.reading() as session:
        found = matches.nearest(session, wanted, principals=principals, source_ids=source_ids, limit=9)
        return [it.title for it in found]


def test_a_passage_is_found_by_what_its_best_sentence_means(library):
    assert titles(library, "probation", "organisation") == ["Trial", "Hotels"]
    assert titles(library, "a room", "organisation") == ["Hotels", "Trial"]


def test_search_finds_by_meaning_what_no_word_leads_to(library):
    def asked(question, vector=None):
        with library.reading() as session:
            everybody = frozenset({"organisation"})
            found = search(session, question, principals=everybody, source_ids=["source"], vector=vector)
            return [it.title for it in found]

    assert asked("Who is a probationer?") == []
    assert asked("Who is a probationer?", embed(["Who is a probationer?"])) == ["Trial", "Hotels"]
    assert asked("What is it?", embed(["What is it?"])) == []


def test_nobody_finds_by_meaning_what_they_may_not_read(library):
    assert "Bonus" not in titles(library, "bonus", "organisation")
    assert titles(library, "bonus", "organisation", "leads")[0] == "Bonus"
    assert titles(library, "trial", "leads") == ["Bonus"]
    assert titles(library, "trial") == []
    assert titles(library, "trial", "organisation", source_ids=()) == []
    assert titles(library, "trial", "organisation", source_ids=("other",)) == []


def test_vectors_of_another_encoder_are_not_compared_but_made_anew(library):
    assert titles(library, "trial", "organisation", encoder="another") == []
    assert vectors.index(library, ["source"], "by words", embed) == 0
    assert vectors.index(library, ["source"], "another", lambda texts: embed(texts, encoder="another")) == len(PASSAGES)
    assert titles(library, "trial", "organisation", encoder="another")[0] == "Trial"
    assert titles(library, "trial", "organisation") == []
    # The engine was started with another encoder in between: the next sync finds that out.
    assert vectors.index(library, ["source"], "by words", lambda texts: embed(texts, encoder="another")) == 0


def test_vectors_go_with_their_passage_and_are_never_another_ones(library):
    with library.reading() as session:
        [(_, stale)] = documents.without_vectors(session, ["source"], "another", limit=1)
    with library.transaction() as session:
        fresh = DocumentPassage(id=stale.id, document_id=stale.document_id, position=0, text="New words.")
        documents.replace_passages(session, stale.document_id, [fresh])
        documents.save_vectors(session, stale, "by words", embed(["trial"]).vectors)
    assert titles(library, "trial", "organisation") == ["Hotels"]
    with library.transaction() as session:
        documents.mark_deleted(session, "source", keep=())
        assert session.exec(select(PassageVectors)).all() == []
