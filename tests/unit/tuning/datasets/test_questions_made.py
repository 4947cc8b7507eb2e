"""Every way in which a passage gives questions, and every reason for which one is dropped."""

import random
from collections import Counter
from typing import cast

import pytest

from tests.fakes.inference import FakeInference
from tuning.datasets.explicit import lists, tables
from tuning.datasets.questions import Context, Seen
from tuning.datasets.statements import statements
from tuning.datasets.wordings import wordings
from tuning.datasets.writing import written
from tuning.domain.datasets import Origin
from tuning.domain.prompts import Passage
from tuning.inference import Completion, Inference


def passage(text, heading=""):
    return Context(passage=Passage(title="Travel", heading=heading, text=text), passage_id=1, document_id="travel")


def asked(questions):
    return {it.text: it.answer for it in questions}


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("Q: Who signs the form?\nA: Ada Lind. She sits in room 4.", ""),
        ("Who signs the form?\nAda Lind. She sits in room 4.", ""),
        ("Ada Lind. She sits in room 4.", "Forms > Who signs the form?"),
        ("| Question | Answer |\n|---|---|\n| Who signs the form? | Ada Lind. She sits in room 4. |", ""),
    ],
)
def test_what_a_document_asks_and_answers_itself_is_taken_as_it_is(text, heading):
    found = [*lists(passage(text, heading)), *tables(passage(text, heading))]
    assert asked(found) == {"Who signs the form?": "Ada Lind"}
    assert {it.origin for it in found} == {Origin.LIST}


def test_every_cell_of_a_table_is_asked_for_by_its_row_and_column():
    table = "| City | Hotel limit | Contact |\n|---|---|---|\n| Oslo | 120 euros | Bo Berg |\n| Rome | 90 euros | |"
    found = list(tables(passage(table)))
    assert asked(found) == {
        "What is the hotel limit for Oslo?": "120 euros",
        "What is the contact for Oslo?": "Bo Berg",
        "What is the hotel limit for Rome?": "90 euros",
    }
    assert {it.origin for it in found} == {Origin.TABLE}


def test_a_definition_is_asked_for():
    found = [it for it in statements(passage("The travel desk is the team that books trains.")) if it.answer]
    assert any(it.made_by == "definition" and "travel desk" in it.text.lower() for it in found), asked(found)


@pytest.mark.parametrize("text", [".", ". The office closes at 17:00.", "For questions on this, . Please call.", "- ."])
def test_a_full_stop_that_stands_alone_is_no_statement(text):
    assert all(it.answer for it in statements(passage(text)))


class Writing(FakeInference):
    """Writes given lines about every passage, and answers each question with the last value of its passages."""

    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def answer(self, model, messages, *, max_tokens, temperature=0.0, seed=None):
        said = super().answer(model, messages, max_tokens=max_tokens, temperature=temperature, seed=seed)
        is_writer = "Question: " not in messages[-1]["content"]
        return Completion(text=self.lines, prompt_tokens=1, completion_tokens=1, seconds=0.0) if is_writer else said


def test_what_the_model_writes_is_kept_only_if_its_passage_supports_it():
    context = passage("The hotel limit is 120 euros. The train class is second.")
    lines = [
        ("What is the hotel limit?", "120 euros", ""),
        ("What is the hotel limit ?", "120 euros", "said before"),
        ("What is the train class?", "first", "answer not in passage"),
        ("What is it?", "second", "too general"),
        ("Name the train class", "second", "not a question"),
        ("Is the train class second?", "second", "answers itself"),
        ("Which euros has the second train?", "second", "round trip"),
    ]
    dropped: Counter[str] = Counter()
    writer = Writing("\n".join(f"Q: {question}\nA: {answer}" for question, answer, _ in lines))
    kept = written([context], cast(Inference, writer), lambda *_: [], dropped=dropped, progress=lambda _: None)
    assert [it.text for it in kept] == ["What is the hotel limit?"]
    assert {reason for *_, reason in lines if reason} == set(dropped)


def test_near_duplicates_are_found_whatever_the_order_of_adding():
    seen = Seen(["What is the hotel limit in Riga per night?"])
    assert seen.has("what is the hotel limit in riga a night")
    assert not seen.has("What is the train class in Riga?")


def test_a_fact_is_asked_in_other_words():
    ways = wordings("What is the hotel limit for Oslo?", "Travel", 5, random.Random(1))
    assert len(ways) == len(set(ways)) == 5
