"""Search as people ask, on both databases: what they may read, and nothing that breaks it."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.search import analyse
from tests.factories import keep, make_document, make_source
from tuning.documents.addresses import document_at
from tuning.documents.excerpts import condensed
from tuning.documents.expansion import Asked, Expansion
from tuning.documents.search import search
from tuning.domain.documents import DocumentPassage
from tuning.domain.fields import now
from tuning.rephrasing import related
from tuning.store import documents

TABLE = Path(related.__file__).with_name("related.txt")
PASSAGES = {
    "Hotels": ("organisation", "Paris", "The limit for a hotel room is 120 euros per night."),
    "Trains": ("organisation", "", "Second class is booked for all journeys by rail."),
    "Bonus": ("leads", "Leads", "The bonus of a lead is 9 percent of the hotel limit."),
    "Draft": ("", "", "Nobody may read this hotel draft."),
}

ALL = ("organisation", "leads")


@pytest.fixture
def library(store):
    keep(store, make_source())
    with store.transaction() as session:
        for title, (reader, heading, text) in PASSAGES.items():
            document = make_document(title, [reader] if reader else [])
            documents.save(session, document)
            passage = DocumentPassage(document_id=document.id, position=0, heading=heading, text=text)
            documents.replace_passages(session, document.id, [passage])
    return store


def titles(store, question, *principals, source_ids=("source",)):
    with store.reading() as session:
        return [it.title for it in search(session, question, principals=frozenset(principals), source_ids=source_ids)]


def test_a_natural_question_finds_its_passage_first(library):
    assert titles(library, "Hi! What's the limit for hotels in Paris, please?", "organisation")[0] == "Hotels"
    assert titles(library, "which class do we book for a journey?", "organisation") == ["Trains"]


def test_a_passage_is_found_by_synonyms_of_its_words(library):
    assert titles(library, "Which class is booked for a trip?", "organisation") == ["Trains"]
    assert titles(library, "a trip by train", "organisation") == ["Trains"]


def asked_of(library, **questions):
    with library.reading() as session:
        ids = {it.title: it.passage_id for title in PASSAGES for it in everything(session, title)}
    places = {title: (ids[title], 0) for title in questions}
    return Expansion(
        Asked(question=question, place=places[title], document_id=title.lower())
        for title, question in questions.items()
    )


def everything(session, title):
    text = PASSAGES[title][2]
    return search(session, text, principals=frozenset(ALL), source_ids=["source"])


def test_a_passage_is_found_by_what_it_was_asked_though_it_has_none_of_the_words(library):
    known = asked_of(library, Trains="What do I sit in when I go to see a customer?", Hotels="Where do I sleep?")
    question = "Where do I sit when I see customers?"
    with library.reading() as session:
        found = search(
            session, question, principals=frozenset(["organisation"]), source_ids=["source"], expansion=known
        )
    assert [it.title for it in found] == ["Trains", "Hotels"]
    assert found[0].asked[0] > found[1].asked[0] > 0


def test_what_a_passage_was_asked_opens_it_to_nobody(library):
    known = asked_of(library, Bonus="What do leads earn on top?")
    with library.reading() as session:

        def found(principal, source="source"):
            return search(
                session,
                "What do leads earn on top?",
                principals=frozenset([principal]),
                source_ids=[source],
                expansion=known,
            )

        assert [it.title for it in found("leads")] == ["Bonus"]
        assert found("organisation") == []
        assert found("leads", "elsewhere") == []


def test_a_document_that_came_after_the_questions_is_found_beside_those_that_were_asked_about(library):
    known = asked_of(library, Hotels="Which class may I book?")
    with library.reading() as session:
        found = search(
            session,
            "Which class is booked for journeys by rail?",
            principals=frozenset(["organisation"]),
            source_ids=["source"],
            expansion=known,
        )
        (shown,) = condensed(found, 4)
    assert shown.title == "Trains"


def test_nothing_is_found_in_a_source_whose_access_lists_are_too_old_to_go_by(library):
    address = "https://example.sharepoint.com/sites/x/Documents/hotels.docx"
    with library.transaction() as session:
        documents.get(session, "hotels").url = address

    def found_until(moment):
        with library.transaction() as session:
            documents.get_source(session, "source").readable_until = moment
        with library.reading() as session:
            at_address = document_at(session, address, ["organisation"])
        return titles(library, "hotel limit", "organisation"), at_address and at_address.title

    assert found_until(now() + timedelta(hours=1)) == (["Hotels"], "Hotels")
    assert found_until(now() - timedelta(hours=1)) == ([], None)


def test_nobody_finds_what_they_may_not_read(library):
    assert titles(library, "hotel limit bonus draft", "organisation") == ["Hotels"]
    assert set(titles(library, "hotel limit bonus draft", "organisation", "leads")) == {"Hotels", "Bonus"}
    assert titles(library, "hotel limit") == []
    assert titles(library, "hotel limit", "organisation", source_ids=()) == []
    assert titles(library, "hotel limit", "organisation", source_ids=("other",)) == []


@pytest.mark.parametrize(
    "question", ["", "?!", "the of and", '"', "title: NEAR(", "a' | 'b & !c <-> \\", "\0", "- * ^ ( ) { }"]
)
def test_nothing_that_is_typed_breaks_it(library, question):
    titles(library, f"{question} hotel", "organisation")
    assert titles(library, question, "organisation") == []


def test_a_question_of_100_000_characters_is_answered_from_its_beginning_and_its_end(library):
    filler = "filler words " * 8_000
    assert "Hotels" in titles(library, f"hotel limit {filler}", "organisation")
    assert "Hotels" in titles(library, f"{filler} hotel limit", "organisation")


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_any_text_can_be_searched_for(library, question):
    assert set(titles(library, f"{question} hotel limit", "organisation")) <= {"Hotels", "Trains"}


def test_a_passage_is_found_by_its_documents_title_as_that_is_now(library):
    assert titles(library, "Bonuses?", "leads") == ["Bonus"]
    with library.transaction() as session:
        document = documents.get(
            session, next(it.id for it in documents.of_source(session, "source") if it.title == "Trains")
        )
        document.title = "Zeppelins"
        documents.save(session, document)
    assert titles(library, "Zeppelins?", "organisation") == ["Zeppelins"]


def test_a_passage_is_found_by_what_is_related_to_its_words(library):
    assert titles(library, "Where do I stay overnight?", "organisation")[0] == "Hotels"
    assert titles(library, "Wie hoch ist die Grenze pro Nacht?", "organisation")[0] == "Hotels"


def test_a_sentence_with_what_is_asked_for_comes_first(library):
    with library.transaction() as session:
        for title, text in (
            ("One", "The lease of a pump is signed in Porto."),
            ("Two", "A pump has a lease of 3 years."),
        ):
            document = make_document(title, ["organisation"])
            documents.save(session, document)
            passage = DocumentPassage(document_id=document.id, position=0, heading="", text=text)
            documents.replace_passages(session, document.id, [passage])
    assert titles(library, "How long is the lease of a pump?", "organisation") == ["Two", "One"]
    assert titles(library, "Is the lease of a pump signed?", "organisation") == ["One", "Two"]


def test_a_common_word_is_found_for_who_may_read_little_and_a_rare_one_comes_first(library):
    with library.transaction() as session:
        for title, reader, texts in (
            ("Minutes", "leads", ["A quorum was there."] * 1500),
            ("Statutes", "organisation", ["A quorum is half of the board."]),
            ("Airship", "organisation", ["A zeppelin needs a quorum."]),
        ):
            document = make_document(title, [reader])
            documents.save(session, document)
            passages = [DocumentPassage(document_id=document.id, position=at, text=it) for at, it in enumerate(texts)]
            documents.replace_passages(session, document.id, passages)
    analyse(library)
    assert set(titles(library, "quorum", "organisation")) == {"Statutes", "Airship"}
    assert set(titles(library, "quorum blimps", "organisation")) == {"Statutes", "Airship"}
    assert titles(library, "quorum zeppelin", "organisation")[0] == "Airship"


def test_a_long_question_whose_every_word_has_many_related_ones_is_answered(library):
    entries = {entry.strip() for line in TABLE.read_text("utf-8").splitlines() for entry in line.split("|")}
    single = sorted(entry for entry in entries if entry.isalpha())
    words = sorted(single, key=lambda word: -sum(len(others) for _, others in related.related([word])))
    assert "Hotels" in titles(library, f"hotel {' '.join(words[:40])}", "organisation")
