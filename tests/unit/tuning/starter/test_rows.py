import random

from tuning.domain.prompts import (
    NOT_IN_DOCUMENTS,
    QUESTION_WRITER_PROMPT,
    SYSTEM_PROMPTS,
    Passage,
    Task,
    question_messages,
)
from tuning.starter.passages import invent_sources
from tuning.starter.rows import (
    SIZES,
    draft_row,
    missing_fact,
    question_row,
    row,
    summary_row,
    unread_row,
    writer_row,
)


def test_the_same_seed_gives_the_same_rows() -> None:
    first = [row(random.Random(5), SIZES["middle"]) for _ in range(3)]
    assert first == [row(random.Random(5), SIZES["middle"]) for _ in range(3)]


def test_the_wording_of_every_prompt_is_the_agents_own() -> None:
    sentences = {*SYSTEM_PROMPTS.values(), QUESTION_WRITER_PROMPT}
    rng = random.Random(1)
    for _ in range(80):
        messages = row(rng, SIZES["middle"]).messages
        assert messages[0]["role"] == "system"
        assert messages[0]["content"].split("\n")[0] in sentences


def test_a_question_row_begins_as_question_messages_would() -> None:
    rng = random.Random(4)
    example = question_row(rng, passages=(2, 2), facts_each=(1, 1), fillers=(0, 0))
    user = next(message for message in reversed(example.messages) if message["role"] == "user")
    assert user["content"].startswith("[1] ")
    assert "\n\n[2] " in user["content"]
    assert "\n\nQuestion: " in user["content"]
    assert question_messages("?", [Passage(title="T", heading="", text="x")])[0] == {
        "role": "system",
        "content": SYSTEM_PROMPTS[Task.QUESTIONS],
    }


def test_answers_are_spans_of_the_passage_they_cite() -> None:
    rng = random.Random(2)
    for _ in range(60):
        example = question_row(rng, passages=(2, 6), facts_each=(1, 4), fillers=(0, 3), missing=0.0)
        answer, _, number = example.messages[-1]["content"].rstrip("]").rpartition(" [")
        prompt = example.messages[-2]["content"]
        cited = prompt.split(f"[{number}] ", 1)[1].split(f"\n\n[{int(number) + 1}] ", 1)[0]
        assert answer in cited


def test_questions_that_nothing_answers_ask_for_facts_that_no_passage_states() -> None:
    rng = random.Random(6)
    for _ in range(60):
        sources = invent_sources(rng, count=3, facts_each=(1, 4), fillers=(0, 2))
        stated = {(fact.identity[0], fact.identity[1]) for source in sources for fact in source.facts}
        assert missing_fact(rng, sources).identity[:2] not in stated
    example = question_row(rng, passages=(2, 3), facts_each=(1, 2), fillers=(0, 1), missing=1.0)
    assert example.messages[-1]["content"] == NOT_IN_DOCUMENTS


def test_without_passages_nothing_is_known() -> None:
    example = unread_row(random.Random(1))
    assert example.messages[-1]["content"] == NOT_IN_DOCUMENTS
    assert "[1]" not in example.messages[-2]["content"]


def test_a_draft_says_what_the_brief_says_in_the_form_of_the_precedent() -> None:
    rng = random.Random(9)
    for _ in range(40):
        example = draft_row(rng, longest=6)
        precedent, _, brief = example.messages[1]["content"].removeprefix("Precedent:\n").partition("\n\nBrief:\n")
        draft = example.messages[2]["content"]
        assert draft.count("\n") == precedent.count("\n")
        assert len(draft.split()) <= 250
        new = [word for word in draft.split() if word not in precedent]
        assert all(word.strip(".,;:()|!") in brief for word in new), (new, brief)


def test_a_summary_keeps_sentences_of_the_document_and_leaves_some_out() -> None:
    rng = random.Random(8)
    for _ in range(40):
        example = summary_row(rng, longest=8)
        document, summary = example.messages[1]["content"], example.messages[2]["content"]
        assert 0 < len(summary) < len(document)
        assert all(word in document for word in summary.split())


def test_written_questions_are_answered_by_spans_of_the_passage() -> None:
    rng = random.Random(3)
    for _ in range(40):
        example = writer_row(rng, facts=(1, 4), fillers=(0, 3))
        passage, written = example.messages[1]["content"], example.messages[2]["content"].split("\n")
        assert 2 <= len(written) <= 8
        for asked, answered in zip(written[::2], written[1::2], strict=True):
            assert asked.startswith("Q: ")
            assert answered.removeprefix("A: ") in passage
