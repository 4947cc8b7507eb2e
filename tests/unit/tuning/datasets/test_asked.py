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
from tuning.store import documents, policy

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
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))


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


LEFT_OUT = f"dropped/{QUESTIONS} that not all of the audience may read, or that was changed after the sync"


@pytest.mark.parametrize("access", [{"read": ["leads", "ana"]}, {"read": ["organisation"], "label": "Top Secret"}])
def test_a_list_that_not_all_may_read_is_left_out(offices, inference, access):
    with offices.store.transaction() as session:
        limits = policy.get_for_update(session)
        limits.labels, limits.highest_label = ["Public", "Top Secret"], "Public"
        session.add(limits)
    sidecar = offices.folder / "documents" / "travel" / ".access.json"
    listed = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**listed, "files": {**listed["files"], QUESTIONS: access}}))
    asks(offices, ROWS)
    dataset, examples = built(offices, inference)

    assert asked_of(examples) == []
    assert dataset.counts[LEFT_OUT] == 1


def test_a_list_that_was_changed_after_the_sync_is_left_out(offices, inference):
    asks(offices, ROWS)
    with (offices.folder / "documents" / "travel" / QUESTIONS).open("a") as file:
        file.write("What may my bed in Lund cost?,107 euros per night,lund.md\n")
    dataset, examples = built(offices, inference)

    assert asked_of(examples) == []
    assert dataset.counts[LEFT_OUT] == 1


def test_questions_are_learned_without_their_secrets(offices, inference):
    asks(offices, [("My password is Tr7!x9Kq, who gets me a room in Riga?", "Ada Rigason", "riga.md")])
    _, examples = built(offices, inference)

    assert asked_of(examples)
    assert "Tr7!" not in json.dumps([[it.messages, it.completion, it.question, it.detail] for it in examples])


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
    with offices.store.reading() as session:
        assert QUESTIONS not in {it.path for it in documents.of_sources(session, ["source"])}


def test_a_list_without_its_columns_says_which_it_needs(offices, inference):
    asks(offices, ROWS, columns=("asked", "answer", "document"))
    needed = (
        r"questions\.csv of '.+' needs the columns question and answer and document; it has: asked, answer, document"
    )
    with pytest.raises(InvalidInput, match=needed):
        built(offices, inference)


def test_a_row_that_is_too_short_or_too_long_is_a_row_without_these_cells(offices, inference):
    asks(offices, [*ROWS, ("Who?",), (*ROWS[0][:2], "riga.md", "more", "and more")])
    dataset, _ = built(offices, inference)
    assert dataset.counts["dropped/asked of a document that is left out"] == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("question,answer,document\nWo schläft man?,Köln,riga.md\n".encode("cp1252"), "not written in UTF-8"),
        ("question,answer,document\n".encode("utf-16"), "not written in UTF-8"),
        (f"question,answer,document\n{'x' * 200_000},y,riga.md\n".encode(), r"Line 2 of questions\.csv .* field"),
    ],
)
def test_a_list_that_is_no_csv_in_utf_8_is_named(offices, inference, content, says):
    (offices.folder / "documents" / "travel" / QUESTIONS).write_bytes(content)
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))
    with pytest.raises(InvalidInput, match=says):
        built(offices, inference)
