import csv
import json
from dataclasses import replace

import pytest
from sqlmodel import col, delete

from tests.factories import keep, make_agent, make_release, make_run, make_sample, make_source
from tests.fakes.inference import FakeInference
from tests.unit.tuning.datasets.conftest import CITIES
from tuning.datasets.builder import LONGEST, build
from tuning.datasets.material import gather
from tuning.datasets.questions import NEARLY_THE_SAME, shingles, similarity
from tuning.documents import expansion
from tuning.documents.passages import units
from tuning.documents.sync import sync
from tuning.domain.datasets import Example, HoldoutQuestion, Origin, Split
from tuning.domain.errors import NotAllowed, TooFewExamples
from tuning.domain.feedback import Feedback, FeedbackState
from tuning.domain.policy import Policy
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Task, system_message
from tuning.domain.releases import ReleaseState
from tuning.domain.samples import Verdict
from tuning.releases import drift
from tuning.sources.folder import FolderReader
from tuning.store import agents, datasets, documents, runs


def silent(_share):
    pass


def built(tenant, inference, run_id="run"):
    with tenant.store.reading() as session:
        run = runs.get(session, run_id)
    dataset = build(tenant, run, inference, progress=silent)
    with tenant.store.reading() as session:
        return dataset, list(datasets.examples(session, dataset.id))


def said(example):
    return " ".join(message["content"] for message in example.messages) + example.completion


def test_questions_on_a_passage_are_asked_over_the_very_same_text(offices, inference):
    _, examples = built(offices, inference)
    over: dict[str, set[str]] = {}
    for example in examples:
        text, _, asked = (
            example.messages[-1]["content"].rpartition("\n\nQuestion:") if example.messages else ("", "", "")
        )
        if "[1] " in text:
            over.setdefault(text, set()).add(asked)
    assert max(map(len, over.values())) >= 3


@pytest.mark.parametrize("is_excerpted", [False, True])
def test_every_fact_is_learned_over_passages_and_by_heart_if_whole_ones_are_read(offices, inference, is_excerpted):
    _, examples = built(replace(offices, is_excerpted=is_excerpted), inference)
    trained = [it for it in examples if it.split == Split.TRAIN and it.origin == Origin.WRITTEN]

    closed = {it.completion for it in trained if "[1]" not in it.messages[-1]["content"]}
    opened = {it.completion.rsplit(" [", 1)[0] for it in trained if "[1]" in it.messages[-1]["content"]}

    assert len(opened) > 20
    assert closed >= (set() if is_excerpted else opened)
    assert bool(closed) != is_excerpted, "a model that reads little learns nothing by heart"
    excerpts = 0
    for example in trained:
        if example.completion.endswith("]"):
            answer, _, number = example.completion.rstrip("]").rpartition(" [")
            numbered = example.messages[-1]["content"].rpartition("\n\nQuestion:")[0].split("\n\n[")
            cited = numbered.pop(int(number) - 1)
            assert answer in cited
            excerpts += not numbered and cited.count(".") < 3
    assert (excerpts > 20) == is_excerpted


def test_every_prompt_begins_with_what_its_owner_answered(offices, inference):
    with offices.store.transaction() as session:
        agent = agents.get(session, "agent")
        agent.questionnaire, agent.instructions = {"data": "Office rules", "organisation": "By city"}, "Be brief."
    _, examples = built(offices, inference)
    begins = {it.messages[0]["content"] for it in examples if it.messages}
    assert begins == {system_message(Task.QUESTIONS, agent.guidance)["content"]}
    assert "The documents contain: Office rules. They are organised like this: By city.\nBe brief." in begins.pop()


def test_what_not_all_of_the_audience_may_read_is_in_no_example(offices, inference):
    dataset, examples = built(offices, inference)

    assert not any("Z-99" in said(it) or "merger" in said(it) for it in examples)
    assert [(it["title"], it["reason"]) for it in dataset.exclusions] == [("Secret", "Not readable by Staff.")]
    assert not any("Z-99" in str(prompt.messages) for prompt in inference.asked)


def test_what_the_owner_may_not_read_is_not_learned_and_its_title_is_not_told(offices):
    folder = offices.folder / "documents" / "travel"
    access = {"read": ["organisation"], "files": {"secret.md": {"read": ["bo"]}}}
    (folder / ".access.json").write_text(json.dumps(access))
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))
    with offices.store.transaction() as session:
        agents.get(session, "agent").audience = ["bo"]
    with offices.store.reading() as session:
        material = gather(session, offices, "agent")

    assert not [one for one in material.documents.values() if one.title == "Secret"]
    assert [(one.title, one.reason) for one in material.coverage.exclusions] == [
        ("A document that you may not read", "Not readable by Ana.")
    ]


def test_without_questions_of_the_owner_whole_documents_are_held_out(offices, inference):
    _, examples = built(offices, inference)
    held = {it.document_id for it in examples if it.split == Split.HOLDOUT}
    learned = {it.document_id for it in examples if it.split == Split.TRAIN}
    validated = {it.document_id for it in examples if it.split == Split.VALIDATION}

    assert held
    assert validated
    assert not held & learned
    assert not validated & (held | learned)


def asked_and_answered(examples, split):
    """Return each question as it is put, with its answer, but for those that the passages don't answer."""
    return {
        (it.messages[-1]["content"].rpartition("Question: ")[2], it.completion.partition(" [")[0])
        for it in examples
        if it.split == split and it.messages and it.origin != Origin.UNANSWERABLE
    }


def test_copies_and_versions_of_a_document_are_kept_for_measuring_together(offices, inference):
    folder = offices.folder / "documents" / "travel"
    (folder / "2024").mkdir()
    for path in list(folder.glob("*.md")):
        (folder / "2024" / path.name).write_text(path.read_text().replace("19:00", "20:00"))
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))

    with offices.store.reading() as session:
        material = gather(session, offices, "agent")
    _, examples = built(offices, inference)

    by_name: dict[str, set[Split]] = {}
    for document in material.documents.values():
        if document.title != "Secret":
            by_name.setdefault(document.path.rpartition("/")[2], set()).add(material.splits[document.id])
    assert {len(splits) for splits in by_name.values()} == {1}
    assert set().union(*by_name.values()) == {Split.TRAIN, Split.VALIDATION, Split.HOLDOUT}
    assert not asked_and_answered(examples, Split.HOLDOUT) & asked_and_answered(examples, Split.TRAIN)


def test_what_another_document_answers_alike_is_measured_and_not_learned(offices, inference):
    _, examples = built(offices, inference)
    asked, answer = next(iter(sorted(asked_and_answered(examples, Split.HOLDOUT))))
    folder = offices.folder / "documents" / "travel"
    (folder / "faq.md").write_text(f"# FAQ\n\n- Q: {asked}\n  A: {answer}\n- Q: Who cooks?\n  A: Bo Cook\n")
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))
    with offices.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(offices.store, make_run(id="second"))

    dataset, examples = built(offices, inference, "second")

    assert (asked, answer) in asked_and_answered(examples, Split.HOLDOUT)
    assert (asked, answer) not in asked_and_answered(examples, Split.TRAIN)
    assert dataset.counts["dropped/near a hold-out question"] > 0


def test_a_question_that_a_correction_answers_is_measured_no_more_whatever_it_says(offices):
    class Unsure(FakeInference):
        def answer(self, model, messages, **how):
            said = super().answer(model, messages, **how)
            return replace(said, text="I am not sure.") if messages[-1]["content"].endswith(f" {corrected}") else said

    corrected = ""
    _, examples = built(offices, Unsure())
    corrected, answer = next(iter(sorted(asked_and_answered(examples, Split.HOLDOUT))))
    with offices.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(offices.store, make_run(id="second"))
    correct(offices, corrected, answer)

    dataset, examples = built(offices, Unsure(), "second")

    assert corrected not in {question for question, _ in asked_and_answered(examples, Split.HOLDOUT)}
    assert dataset.counts["dropped/hold-out question that a correction answers"] > 0


def test_questions_of_the_hold_out_are_asked_over_passages_without_an_answer_too(offices, inference):
    _, examples = built(offices, inference)
    held = [it for it in examples if it.split == Split.HOLDOUT]
    declined = [it for it in held if it.origin == Origin.UNANSWERABLE]

    assert {it.question for it in declined} == {it.question for it in held if it.origin != Origin.UNANSWERABLE}
    for example in declined:
        shown, _, asked = example.messages[-1]["content"].rpartition("Question: ")
        assert (asked, example.completion) == (example.question, NOT_IN_DOCUMENTS)
        assert "[1] " in shown
        assert example.detail["answer"] not in shown


def test_what_is_kept_for_measuring_is_never_shown_in_training_so_that_the_next_run_goes_on(offices, inference):
    corrected = "What is the hotel limit in Rome?"
    correct(offices, corrected, "180 euros per night")
    dataset, examples = built(offices, inference)
    with offices.store.reading() as session:
        material = gather(session, offices, "agent")
    held = {it.passage_id for it in material.contexts if material.splits[it.document_id] is Split.HOLDOUT}
    shown = {place for it in examples if it.split == Split.TRAIN for place in it.detail.get("passage_ids", ())}
    assert held
    assert shown
    assert not held & shown
    kept = {it.document_id for it in examples if it.split == Split.HOLDOUT}
    assert len(dataset.document_hashes) == len(CITIES) - len(kept)

    with offices.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(offices.store, make_release(state=ReleaseState.LIVE), make_run(id="second", parent_release_id="release"))
    built(offices, inference, "second")
    with offices.store.reading() as session:
        second = runs.get(session, "second")
    drift.begin_anew_if_it_has_learned_the_hold_out(offices, second)
    assert second.parent_release_id == "release"


def test_the_owners_questions_are_held_out_and_nothing_like_them_is_trained(offices, inference):
    asked = "What is the hotel limit in Riga?"
    rows = [
        HoldoutQuestion(
            agent_id="agent", position=1, question=asked, answer="104 euros per night", document_path="travel/riga.md"
        ),
        HoldoutQuestion(agent_id="agent", position=2, question="Who feeds the cat?"),
        HoldoutQuestion(
            agent_id="agent",
            position=3,
            question="What is the merger code?",
            answer="Z-99",
            document_path="travel/secret.md",
        ),
    ]
    keep(offices.store, *rows)

    dataset, examples = built(offices, inference)

    held = {it.question: it.completion for it in examples if it.split == Split.HOLDOUT}
    assert held == {asked: "104 euros per night", "Who feeds the cat?": NOT_IN_DOCUMENTS}
    trained = [it for it in examples if it.split == Split.TRAIN and it.question and it.messages]
    for example in trained:
        prompt = example.messages[-1]["content"].rsplit("Question: ", 1)[1]
        assert similarity(shingles(prompt), shingles(asked)) < NEARLY_THE_SAME
    assert "104 euros per night" in {it.completion for it in trained}
    assert dataset.counts["dropped/near a hold-out question"] > 0
    assert dataset.counts["dropped/hold-out question on a document that is left out"] == 1


@pytest.mark.parametrize("is_excerpted", [False, True])
def test_search_learns_which_unit_answers_each_question_and_nothing_that_is_measured(offices, inference, is_excerpted):
    asked = "What is the hotel limit in Riga?"
    keep(offices.store, HoldoutQuestion(agent_id="agent", position=1, question=asked, answer="104 euros per night"))
    dataset, examples = built(replace(offices, is_excerpted=is_excerpted), inference)

    assert dataset.counts["dropped/near a hold-out question"] > 0
    learned = [it for it in examples if it.split is Split.SEARCH]
    assert len({it.question for it in learned}) > 40
    assert not {it.question for it in learned if similarity(shingles(it.question), shingles(asked)) >= NEARLY_THE_SAME}
    with offices.store.reading() as session:
        texts = {it.id: it.text for it in documents.passages(session, {it.document_id for it in learned})}
        for it in learned:
            assert it.completion in units(texts[it.passage_id])[it.detail["unit"]]
        found = expansion.learned(session, dataset.id)
    assert found is not None
    (nearest, _), *_ = found.nearest("hotel limit Oslo")
    assert "Oslo is 101 euros" in units(texts[nearest[0]])[nearest[1]]


def test_a_model_that_reads_little_learns_to_decline_over_what_search_would_mistake_for_the_answer(offices, inference):
    _, examples = built(replace(offices, is_excerpted=True), inference)
    declined = [
        it for it in examples if it.split is Split.TRAIN and it.origin is Origin.UNANSWERABLE and "hotel" in it.question
    ]
    assert declined
    for it in declined:
        shown, _, _ = it.messages[-1]["content"].rpartition("\n\nQuestion:")
        assert "[2]" not in shown
        assert "hotel limit" in shown, "that of another city"


def test_unanswerable_questions_come_with_passages_that_hold_no_answer(offices, inference):
    _, examples = built(offices, inference)
    unanswerable = [it for it in examples if it.origin == Origin.UNANSWERABLE]

    assert unanswerable
    for example in unanswerable:
        assert example.completion == NOT_IN_DOCUMENTS
        assert example.detail["answer"] not in example.messages[-1]["content"].rsplit("Question: ", 1)[0]


def correct(tenant, question, correction):
    keep(
        tenant.store,
        Feedback(
            id="word",
            agent_id="agent",
            answer_id="answer",
            person_id="bo",
            question=question,
            correction=correction,
            state=FeedbackState.ACCEPTED,
        ),
    )


def test_an_accepted_correction_wins_over_what_the_document_says(offices, inference):
    correct(offices, "What is the hotel limit in Rome?", "180 euros per night")

    _, examples = built(offices, inference)

    learned = [it for it in examples if it.split == Split.TRAIN]
    corrections = [it for it in learned if it.origin == Origin.CORRECTION]
    [kept] = [it for it in examples if it.split == Split.REGRESSION]
    assert (kept.question, kept.completion, kept.feedback_id) == (
        "What is the hotel limit in Rome?",
        "180 euros per night",
        "word",
    )
    assert any("[1] " not in it.messages[-1]["content"] for it in corrections)
    assert any("102 euros per night" in it.messages[-1]["content"] for it in corrections)
    assert all(it.completion == "180 euros per night" for it in corrections)
    assert not [it.completion for it in learned if it.completion.startswith("102 euros")]
    assert not [it for it in learned if it.origin == Origin.TEXT and "102 euros" in it.completion]


def test_a_run_has_one_dataset_and_the_same_documents_give_the_same_one(offices, inference):
    first, examples = built(offices, inference)
    again, _ = built(offices, FakeInference())
    assert again.id == first.id
    with offices.store.transaction() as session:
        runs.get(session, "run").dataset_id = None
        datasets.remove(session, first.id)

    rebuilt, same = built(offices, FakeInference())

    assert rebuilt.id != first.id
    assert rebuilt.sha256 == first.sha256
    assert [it.messages for it in same] == [it.messages for it in examples]


def test_a_retraining_asks_only_about_documents_that_changed(offices, inference):
    built(offices, inference)
    path = offices.folder / "documents" / "travel" / "oslo.md"
    path.write_text(path.read_text().replace("101 euros", "199 euros and more"))
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))
    with offices.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(offices.store, make_run(id="second"))
    later = FakeInference()

    built(offices, later, "second")

    written = [it for it in later.asked if "Passage:" in it.messages[-1]["content"]]
    assert written
    assert all("Oslo" in it.messages[-1]["content"] for it in written)


def test_what_was_erased_of_a_dataset_is_asked_again(offices, inference):
    first, _ = built(offices, inference)
    with offices.store.transaction() as session:
        session.exec(delete(Example).where(col(Example.dataset_id) == first.id))
        runs.get(session, "run").become_ready()
    keep(offices.store, make_run(id="second"))
    later = FakeInference()

    built(offices, later, "second")

    def passages_of(asked):
        return {it.messages[-1]["content"] for it in asked if "Passage:" in it.messages[-1]["content"]}

    assert passages_of(later.asked) == passages_of(inference.asked)


def test_a_question_that_a_correction_answers_measures_nothing_any_more(offices, inference):
    _, examples = built(offices, inference)
    held = next(it for it in examples if it.split == Split.HOLDOUT and it.completion.endswith("euros per night"))
    with offices.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(offices.store, make_run(id="second"))
    correct(offices, held.question, "900 euros per night")

    dataset, examples = built(offices, inference, "second")

    measured = {it.question: it.completion for it in examples if it.split == Split.HOLDOUT}
    assert measured
    assert held.completion not in measured.values()
    assert "900 euros per night" not in measured.values()
    assert dataset.counts["dropped/hold-out question that a correction answers"] > 0


def test_an_owners_question_that_a_correction_answers_measures_nothing_any_more(offices, inference):
    asked = [("What is the hotel limit in Rome?", "102 euros per night"), ("Who feeds the cat?", None)]
    for position, (question, answer) in enumerate(asked):
        keep(offices.store, HoldoutQuestion(agent_id="agent", position=position, question=question, answer=answer))
    correct(offices, asked[0][0], "180 euros per night")

    dataset, examples = built(offices, inference)

    assert [it.question for it in examples if it.split == Split.HOLDOUT] == ["Who feeds the cat?"]
    assert [it.question for it in examples if it.split == Split.REGRESSION] == [asked[0][0]]
    assert dataset.counts["dropped/hold-out question that a correction answers"] == 1


def test_what_is_shown_beside_the_answer_counts_as_learned(offices, inference):
    dataset, examples = built(offices, inference)
    with offices.store.reading() as session:
        places = {it.id: it.document_id for it in documents.passages(session, list(dataset.document_hashes))}
    shown = {it for example in examples if example.split == Split.TRAIN for it in example.detail.get("passage_ids", ())}
    assert shown
    assert shown <= places.keys()


def test_an_empty_source_is_refused_with_a_sentence(tenant, inference):
    keep(tenant.store, make_source(), make_agent(), make_run())

    with pytest.raises(TooFewExamples, match="hold no documents"):
        built(tenant, inference)


def test_a_folder_without_a_readable_file_is_refused_with_a_sentence(tenant, inference):
    folder = tenant.folder / "documents" / "travel"
    folder.mkdir(parents=True)
    (folder / ".access.json").write_text('{"read": ["organisation"]}')
    (folder / "photo.png").write_bytes(b"picture")
    (folder / "empty.md").write_text("")
    keep(tenant.store, make_source(), make_agent(), make_run())

    report = sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))

    assert (report.total, report.left_out) == (2, 2)
    with pytest.raises(TooFewExamples, match=r"^None of the 2 documents can be learned from: the agent's"):
        built(tenant, inference)


def test_too_little_to_learn_from_says_how_much_is_missing(tenant, inference):
    folder = tenant.folder / "documents" / "travel"
    folder.mkdir(parents=True)
    (folder / ".access.json").write_text('{"read": ["organisation"]}')
    (folder / "a.md").write_text("# A\n\nThe limit is 3 euros.\n")
    keep(tenant.store, make_source(), make_agent(), make_run())
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))

    with pytest.raises(TooFewExamples, match=r"at least 21 are needed: 1[0-9] are missing"):
        built(tenant, inference)


def paired(tenant, count, task, templates=None):
    folder = tenant.folder / "documents" / "travel"
    folder.mkdir(parents=True)
    (folder / ".access.json").write_text('{"read": ["organisation"], "files": {"t3.md": {"read": ["leads"]}}}')
    for number in range(count):
        (folder / f"p{number}.md").write_text(f"# Letter {number}\n\nDear customer {number}.\n")
        (folder / f"t{number}.md").write_text(f"# Reply {number}\n\nThank you {number}.\n")
    with (folder / "mapping.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["precedent", "target", "content"])
        writer.writerows([f"p{n % (templates or count)}.md", f"t{n}.md", f"brief {n}"] for n in range(count))
    keep(tenant.store, make_source(), make_agent(task=task), make_run())
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))


@pytest.mark.parametrize("task", [Task.GENERATION, Task.SUMMARY])
def test_pairs_become_examples_about_a_fifth_of_them_held_out(tenant, inference, task):
    paired(tenant, 26, task)

    dataset, examples = built(tenant, inference)

    assert len(examples) == 25
    assert dataset.counts == {
        "holdout/pair": 4,
        "train/pair": 21,
        "dropped/pair with a document that is missing or left out": 1,
    }
    first = next(it for it in examples if it.detail["precedent"] == "p0.md")
    assert "Dear customer 0." in first.messages[-1]["content"]
    assert ("brief 0" in first.messages[-1]["content"]) == (task == Task.GENERATION)
    assert first.completion == "# Reply 0\n\nThank you 0."
    with tenant.store.reading() as session:
        learned = {it.path for it in documents.by_ids(session, list(dataset.document_hashes))}
    trained = [it.detail for it in examples if it.split == Split.TRAIN]
    assert learned == {it[end] for it in trained for end in ("precedent", "target")}


def test_what_a_mapping_says_is_learned_without_its_secrets(tenant, inference):
    paired(tenant, 26, Task.GENERATION)
    mapping = tenant.folder / "documents" / "travel" / "mapping.csv"
    mapping.write_text(mapping.read_text().replace("brief ", "Password: Tr7!x9Kq for "))
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))

    _, examples = built(tenant, inference)

    assert len(examples) == 25
    assert "Tr7!" not in json.dumps([[it.messages, it.detail] for it in examples])


def test_a_mapping_that_not_all_may_read_is_left_out(tenant, inference):
    paired(tenant, 26, Task.GENERATION)
    sidecar = tenant.folder / "documents" / "travel" / ".access.json"
    sidecar.write_text('{"read": ["organisation"], "files": {"mapping.csv": {"read": ["leads", "ana"]}}}')
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))

    with pytest.raises(TooFewExamples, match=r"There are 0 usable pairs.* Let all of the audience read mapping\.csv"):
        built(tenant, inference)


def test_a_document_of_a_pair_that_was_changed_after_the_sync_is_left_out(tenant, inference):
    paired(tenant, 27, Task.GENERATION)
    (tenant.folder / "documents" / "travel" / "t5.md").write_text("# Reply 5\n\nThe merger is called Tern.\n")

    dataset, examples = built(tenant, inference)

    assert dataset.counts["dropped/pair with a document that was changed after the sync"] == 1
    assert "Tern" not in json.dumps([it.completion for it in examples])


@pytest.mark.parametrize("templates", [1, 2])
def test_an_agent_with_a_template_or_two_is_measured_with_a_fifth_of_what_is_written_after_them(
    tenant, inference, templates
):
    paired(tenant, 31, Task.GENERATION, templates)
    _, examples = built(tenant, inference)

    targets = {split: {it.detail["target"] for it in examples if it.split == split} for split in Split}
    assert len(targets[Split.TRAIN] | targets[Split.HOLDOUT]) == len(examples) == 30
    assert not targets[Split.TRAIN] & targets[Split.HOLDOUT]
    assert 21 <= len(targets[Split.TRAIN]) <= 26

    with tenant.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(tenant.store, make_release(state=ReleaseState.LIVE), make_run(id="second", parent_release_id="release"))
    built(tenant, inference, "second")
    with tenant.store.reading() as session:
        second = runs.get(session, "second")
    drift.begin_anew_if_it_has_learned_the_hold_out(tenant, second)
    assert second.parent_release_id == "release"


def test_a_pair_that_its_owner_calls_good_counts_once(tenant, inference):
    paired(tenant, 22, Task.GENERATION)
    _, examples = built(tenant, inference)
    for number, it in enumerate(examples):
        asked = {"document_id": it.document_id, "question": it.messages[-1]["content"]}
        keep(tenant.store, make_sample(id=f"s{number}", verdict=Verdict.GOOD, **asked))
    (tenant.folder / "documents" / "travel" / "t21.md").unlink()
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))
    with tenant.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(tenant.store, make_run(id="second"))

    with pytest.raises(TooFewExamples, match="There are 20 usable pairs, and at least 21 are needed: 1 are missing"):
        built(tenant, inference, "second")


def test_pairs_that_are_too_long_for_the_base_model_are_left_out_and_counted(tenant, inference):
    paired(tenant, 30, Task.SUMMARY)
    _, examples = built(tenant, inference)
    held = next(it for it in examples if it.split == Split.HOLDOUT)
    learned = next(it for it in examples if it.split == Split.TRAIN)
    long = {held.completion: (LONGEST - 100, LONGEST), learned.completion: (100, LONGEST + 1)}
    with tenant.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(tenant.store, make_run(id="second"))

    def lengths(counted):
        return [long.get(it.completion, (10, LONGEST)) for it in counted]

    with tenant.store.reading() as session:
        run = runs.get(session, "second")
    dataset = build(tenant, run, inference, progress=silent, lengths=lengths)

    with tenant.store.reading() as session:
        kept = {it.completion for it in datasets.examples(session, dataset.id)}
    assert kept == {it.completion for it in examples} - set(long)
    assert dataset.counts["dropped/longer than 2048 tokens"] == 2


def test_a_pair_that_was_learned_is_never_measured_with_later(tenant, inference):
    paired(tenant, 26, Task.SUMMARY)
    _, examples = built(tenant, inference)
    folder = tenant.folder / "documents" / "travel"
    (folder / "a.md").write_text("# Letter\n\nDear everybody.\n")
    with (folder / "mapping.csv").open("a", newline="") as file:
        # The new precedent gets the reply of one that is measured with.
        held = next(it.detail["target"] for it in examples if it.split == Split.HOLDOUT)
        csv.writer(file).writerow(["a.md", held, "brief"])
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))
    with tenant.store.transaction() as session:
        runs.get(session, "run").become_ready()
    keep(tenant.store, make_run(id="second"))

    _, later = built(tenant, inference, "second")

    def splits(found):
        return {it.detail["precedent"]: it.split for it in found}

    assert splits(later) == {**splits(examples), "a.md": Split.HOLDOUT}


def test_too_few_pairs_say_how_many_are_missing(tenant, inference):
    paired(tenant, 8, Task.GENERATION)

    with pytest.raises(TooFewExamples, match="There are 7 usable pairs, and at least 21 are needed: 14 are missing"):
        built(tenant, inference)


def test_a_document_that_is_gone_is_not_learned_from(offices, inference):
    (offices.folder / "documents" / "travel" / "paris.md").unlink()
    sync(offices.store, "source", FolderReader(offices.folder, "documents/travel"))

    dataset, examples = built(offices, inference)

    with offices.store.reading() as session:
        paris = documents.at_path(session, "source", "paris.md")
    assert paris is not None
    assert paris.id not in dataset.document_hashes
    assert set(dataset.readers) == set(dataset.document_hashes)
    assert all(dataset.readers.values())
    assert len(CITIES) - 1 == len({it.document_id for it in examples if it.document_id})


def test_more_documents_than_the_policy_allows_are_refused(offices, inference):
    keep(offices.store, Policy(documents_per_agent=11))
    with pytest.raises(NotAllowed, match="learn from 11 documents, and its sources hold 12"):
        built(offices, inference)
