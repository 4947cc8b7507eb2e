"""What people have asked: `questions.csv` in a source's root."""

import csv
import json

import pytest

from tests.unit.tuning.datasets.test_builder import built, correct
from tuning.datasets.asked import ASKED
from tuning.documents.sync import sync
from tuning.domain.datasets import HoldoutQuestion, Split
from tuning.domain.errors import InvalidInput
from tuning.sources.folder import FolderReader
from tuning.sources.formats import QUESTIONS
from tuning.store import documents

ROWS = [
    ("What may my bed in Riga cost?", "104 euros per night", "riga.md"),
    ("I'm off to Riga, what do we pay for a room?", "104 Euros per night", "riga.md"),
    ("Who gets me a room in Riga?", "Ada Rigason", "riga.md"),
    ("how dear may a bed be in riga", "104 euros per night", "riga.md"),
    ("What does the merger run under?", "Z-99", "secret.md"),
    ("What may my bed in Oslo cost?", "a fortune", "oslo.md"),
    ("Who sleeps in Atlantis?", "nobody", "atlantis.md"),
]


def asks(tenant, rows, columns=("question", "answer", "document")):
    with (tenant.folder / "documents" / "travel" / QUESTIONS).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


def asked_of(examples):
    return [it for it in examples if it.detail.get("made_by") == ASKED and it.split == Split.TRAIN]


def test_what_people_asked_is_learned_in_their_words_by_heart_and_over_passages(offices, inference):
    asks(offices, ROWS)
    dataset, examples = built(offices, inference)

    found = asked_of(examples)
    by_heart = [it for it in found if "[1]" not in it.messages[-1]["content"]]
    opened = [it for it in found if it.completion.startswith("104 euros per night [")]
    assert [(it.question, it.completion) for it in by_heart] == [
        (ROWS[0][0], "104 euros per night"),
        (ROWS[1][0], "104 euros per night"),
        (ROWS[2][0], "Ada Rigason"),
    ]
    assert {it.question for it in opened} == {ROWS[0][0], ROWS[1][0]}
    assert all("104 euros per night" in it.messages[-1]["content"] for it in opened)
    assert dataset.counts["dropped/asked of a document that is left out"] == 2
    assert dataset.counts["dropped/asked, but not answered by its document"] == 1
    assert "Z-99" not in json.dumps([[it.messages, it.completion] for it in examples])


def test_each_is_tied_to_the_passage_that_answers_it(offices, inference):
    asks(offices, ROWS[2:3])
    _, examples = built(offices, inference)

    (example,) = [it for it in asked_of(examples) if it.completion == "Ada Rigason"]
    with offices.store.reading() as session:
        passage = next(it for it in documents.passages(session, [example.document_id]) if it.id == example.passage_id)
    assert "Rooms are booked by Ada Rigason." in passage.text


def test_what_is_near_a_hold_out_question_is_not_learned(offices, inference):
    with offices.store.transaction() as session:
        session.add(
            HoldoutQuestion(
                agent_id="agent",
                position=1,
                question=ROWS[0][0],
                answer="104 euros per night",
                document_path="travel/riga.md",
            )
        )
    asks(offices, ROWS)
    _, examples = built(offices, inference)
    assert ROWS[0][0] not in {it.question for it in asked_of(examples)}


def test_a_correction_overtakes_what_people_were_told(offices, inference):
    correct(offices, "What is the hotel limit in Riga?", "120 euros per night")
    asks(offices, ROWS)
    _, examples = built(offices, inference)
    by_heart = {it.question: it.completion for it in asked_of(examples) if "[1]" not in it.messages[-1]["content"]}
    assert by_heart == {
        ROWS[0][0]: "120 euros per night",
        ROWS[1][0]: "120 euros per night",
        ROWS[2][0]: "Ada Rigason",
    }


def test_the_list_is_no_document(offices):
    asks(offices, ROWS)
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))
    with offices.store.reading() as session:
        assert QUESTIONS not in {it.path for it in documents.of_sources(session, ["source"])}


def test_a_list_without_its_columns_says_which_it_needs(offices, inference):
    asks(offices, ROWS, columns=("asked", "answer", "document"))
    needed = (
        r"questions\.csv of '.+' needs the columns question and answer and document; it has: asked, answer, document"
    )
    with pytest.raises(InvalidInput, match=needed):
        built(offices, inference)
