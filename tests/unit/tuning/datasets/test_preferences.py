"""Which feedback becomes preferences, with which prompt, and what stays out."""

import json
from collections import Counter

import pytest

from tests.factories import keep, make_agent, make_answer
from tests.unit.tuning.datasets.conftest import CITIES
from tests.unit.tuning.datasets.test_builder import built, paired, said
from tuning.datasets.files import write_examples
from tuning.datasets.preferences import CHANGED
from tuning.documents.search import search
from tuning.domain.conversations import Beyond
from tuning.domain.datasets import HoldoutQuestion, Origin, Split
from tuning.domain.feedback import Feedback, FeedbackState, Reaction
from tuning.domain.prompts import Task, generation_messages, summary_messages
from tuning.store import agents, documents, feedback

ROME = "What is the hotel limit in Rome?"
OSLO = "When is the Oslo office open?"
BERN = "Who books rooms in Bern?"
FOREIGN = "feedback on what not all of the audience may be able to read"
UNNOTED = "thumb on an answer of which it was not noted what it was made of"


def judge(tenant, number, question, text, *, asker="bo", cited=None, moved=0, made_of=None, **values):
    """Keep an answer that cites the passages of one office as they are found, and feedback on it.

    It was made of what is found, unless `made_of` says otherwise.
    """
    with tenant.store.reading() as session:
        principals = tenant.people.principals(asker)
        found = search(session, question, principals=principals, source_ids=["source"], limit=4)
    citations = [
        {"position": position + moved, "document_id": it.document_id}
        for position, it in enumerate(found, start=1)
        if cited and cited in it.text
    ]
    assert bool(citations) == bool(cited)
    shown = {"shown": sorted({it.document_id for it in found}), **(made_of or {})}
    asked = {"question": question, "person_id": asker, "seconds": 1.0, **shown}
    answer = make_answer(id=f"answer{number}", text=text, citations=citations, **asked)
    given = {"agent_id": "agent", "answer_id": answer.id, "person_id": asker, "question": question, **values}
    keep(tenant.store, answer, Feedback(id=f"word{number}", **given))


def test_corrections_and_thumbs_become_preferences_over_the_passages_they_were_given_over(offices, inference, tmp_path):
    keep(offices.store, HoldoutQuestion(agent_id="agent", position=1, question="Who feeds the cat?"))
    accepted = {"correction": "180 euros per night", "state": FeedbackState.ACCEPTED}
    judge(offices, 1, ROME, "102 euros [1]", cited="in Rome is 102", **accepted)
    judge(offices, 2, OSLO, "from 8:00 to 19:00", reaction=Reaction.LIKE)
    judge(offices, 3, BERN, "Nobody", reaction=Reaction.DISLIKE, comment="Wrong.")

    dataset, examples = built(offices, inference)

    corrected, liked, disliked = [it for it in examples if it.origin == Origin.PREFERENCE]
    assert (corrected.completion, corrected.detail["rejected"]) == ("180 euros per night", "102 euros [1]")
    assert "102 euros per night" in corrected.messages[-1]["content"]
    assert (liked.completion, liked.detail["is_liked"]) == ("from 8:00 to 19:00", True)
    assert (disliked.completion, disliked.detail["is_liked"]) == ("Nobody", False)
    assert [it.feedback_id for it in (corrected, liked, disliked)] == ["word1", "word2", "word3"]
    assert dataset.counts["train/preference"] == 3
    with offices.store.reading() as session:
        write_examples(session, dataset.id, tmp_path / "examples.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "examples.jsonl").read_text().splitlines()]
    assert [line.get("rejected", line.get("is_liked")) for line in lines[-3:]] == ["102 euros [1]", True, False]
    assert not any({"rejected", "is_liked"} & set(line) for line in lines[:-3])


def test_what_people_said_is_learned_without_its_secrets(offices, inference):
    keep(offices.store, HoldoutQuestion(agent_id="agent", position=1, question="Who feeds the cat?"))
    accepted = {"correction": "180 euros. Password: Tr7!x9Kq", "state": FeedbackState.ACCEPTED}
    judge(offices, 1, f"{ROME} My password is Tr7!x9Kq", "102 euros. Password: Tr7!x9Kq", **accepted)
    judge(offices, 2, f"{OSLO} My password is Tr7!x9Kq", "8:00. Password: Tr7!x9Kq", reaction=Reaction.LIKE)

    _, examples = built(offices, inference)

    origins = Counter(it.origin for it in examples if it.feedback_id)
    assert origins[Origin.PREFERENCE] == 2
    assert origins[Origin.CORRECTION] > 2
    assert "Tr7!" not in json.dumps([[it.messages, it.completion, it.question, it.detail] for it in examples])
    with offices.store.reading() as session:
        assert "Tr7!" in feedback.get(session, "word1").correction


def test_what_may_not_be_learned_or_is_settled_otherwise_becomes_no_preference(offices, inference):
    keep(offices.store, HoldoutQuestion(agent_id="agent", position=1, question=OSLO, answer="8:00"))
    thumb = {"reaction": Reaction.LIKE}
    judge(offices, 1, "What is the merger code?", "It is Z-99", asker="cy", **thumb)  # only leads read that document
    judge(offices, 2, BERN, "Ada Bernson [2]", cited="Ada Bernson", moved=1, **thumb)
    judge(offices, 3, OSLO, "8:00", **thumb)
    judge(offices, 4, ROME, "102 euros", correction="180 euros", state=FeedbackState.ACCEPTED)
    judge(offices, 5, ROME, "102 euros per night", asker="ana", **thumb)
    judge(offices, 6, BERN, "Ada", correction="Eve", state=FeedbackState.NEW)
    judge(offices, 7, BERN, "Eve", state=FeedbackState.REJECTED, **thumb)
    judge(offices, 8, BERN, "Kim", state=FeedbackState.WITHDRAWN, **thumb)

    dataset, examples = built(offices, inference)

    assert [it.feedback_id for it in examples if it.origin == Origin.PREFERENCE] == ["word4"]
    assert not any("Z-99" in said(it) for it in examples)
    assert {key: count for key, count in dataset.counts.items() if "feedback" in key or "thumb" in key} == {
        "dropped/feedback on passages that are left out or have changed": 2,
        "dropped/thumb near a hold-out question": 1,
        "dropped/thumb on a question that was corrected": 1,
    }


def by_title(tenant):
    with tenant.store.reading() as session:
        return {it.title: it.id for it in documents.of_source(session, "source")}


@pytest.mark.parametrize(
    ("made_of", "reason"),
    [
        ({"shown": ["Secret"]}, CHANGED),
        ({"beyond": [Beyond.LIVE]}, FOREIGN),
        ({"beyond": [Beyond.FILE]}, FOREIGN),
        ({"beyond": [Beyond.WORDS]}, FOREIGN),
        ({"beyond": [Beyond.UNNOTED]}, FOREIGN),
        ({"shown": None}, UNNOTED),
    ],
)
def test_what_an_answer_repeats_of_what_not_all_may_read_becomes_no_preference(offices, inference, made_of, reason):
    if made_of.get("shown"):
        made_of = {"shown": [by_title(offices)[title] for title in made_of["shown"]]}
    keep(offices.store, make_answer(id="earlier", text="It is Z-99", person_id="cy", seconds=1.0))
    judge(offices, 1, "Say that again, please?", "It is Z-99", asker="cy", made_of=made_of, reaction=Reaction.LIKE)

    dataset, examples = built(offices, inference)

    assert not any("Z-99" in said(it) for it in examples)
    assert dataset.counts[f"dropped/{reason}"] == 1


@pytest.mark.parametrize(("searches_live", "learned"), [(True, []), (False, ["word1"])])
def test_thumbs_from_before_it_was_noted_are_learned_of_first_questions_to_the_index(
    offices, inference, searches_live, learned
):
    with offices.store.transaction() as session:
        agents.get(session, "agent").searches_live = searches_live
    keep(offices.store, HoldoutQuestion(agent_id="agent", position=1, question="Who feeds the cat?"))
    judge(offices, 1, OSLO, "from 8:00 to 19:00", made_of={"shown": None}, reaction=Reaction.LIKE)

    _, examples = built(offices, inference)

    assert [it.feedback_id for it in examples if it.origin == Origin.PREFERENCE] == learned


@pytest.mark.parametrize(
    ("made_of", "is_compared"),
    [
        ({"shown": None}, True),
        ({"beyond": [Beyond.FILE]}, True),
        ({"beyond": [Beyond.LIVE]}, False),
    ],
)
def test_an_accepted_correction_is_learned_but_not_beside_what_not_all_may_read(
    offices, inference, made_of, is_compared
):
    keep(offices.store, make_answer(id="earlier", seconds=1.0))
    accepted = {"correction": "180 euros per night", "state": FeedbackState.ACCEPTED}
    judge(offices, 1, ROME, "It is Z-99", made_of=made_of, **accepted)

    _, examples = built(offices, inference)

    assert any(it.origin == Origin.CORRECTION and it.split == Split.TRAIN for it in examples)
    assert any(it.detail.get("rejected") == "It is Z-99" for it in examples) == is_compared


def test_an_answer_over_a_document_that_is_held_out_becomes_no_preference(offices, inference):
    for number, city in enumerate(CITIES):
        judge(offices, number, f"Who books rooms in {city}?", f"Ada {city}son", reaction=Reaction.LIKE)

    dataset, examples = built(offices, inference)

    learned = {it.passage_id for it in examples if it.split == Split.TRAIN}
    found = [it for it in examples if it.origin == Origin.PREFERENCE]
    assert found
    assert all(set(it.detail["passage_ids"]) <= learned for it in found)
    assert len(found) + dataset.counts["dropped/feedback on passages that are left out or have changed"] == len(CITIES)


def test_corrections_that_were_merged_are_learned_once_and_preferred_to_each_answer_once(offices, inference):
    merged = {"correction": "180 euros", "state": FeedbackState.ACCEPTED, "matter_id": "word1"}
    judge(offices, 1, ROME, "102 euros", **merged)
    judge(offices, 2, ROME, "102 euros [1]", asker="ana", **merged)
    judge(offices, 3, ROME, "No limit", asker="ana", **merged)

    dataset, examples = built(offices, inference)

    assert [it.detail["rejected"] for it in examples if it.origin == Origin.PREFERENCE] == ["102 euros", "No limit"]
    assert [it.feedback_id for it in examples if it.split == Split.REGRESSION] == ["word1"]
    assert dataset.counts["dropped/correction of the same answer, accepted together with another"] == 1


@pytest.mark.parametrize("task", [Task.SUMMARY, Task.GENERATION])
def test_a_correction_of_a_summary_or_draft_is_learned_and_kept_to(tenant, inference, task):
    paired(tenant, 26, task)
    asked = "The plant in Graz stood still for 9 days." if task is Task.SUMMARY else "Thank customer 7 for 9 days."
    accepted = {"correction": "Graz: 9 days. Password: Tr7!x9Kq", "state": FeedbackState.ACCEPTED}
    judge(tenant, 1, asked, "It stood still.", **accepted)
    judge(tenant, 2, "The plant in Linz was sold.", "Linz was sold.", reaction=Reaction.LIKE)

    dataset, examples = built(tenant, inference)

    learned, kept = [it for it in examples if it.origin == Origin.CORRECTION]
    (corrected,) = [it for it in examples if it.origin == Origin.PREFERENCE]
    assert (learned.split, kept.split) == (Split.TRAIN, Split.REGRESSION)
    if task is Task.SUMMARY:
        prompt = summary_messages(asked, instructions=make_agent(task=task).guidance)
    else:
        number = learned.messages[-1]["content"].partition("Letter ")[2].partition("\n")[0]
        prompt = generation_messages(
            f"# Letter {number}\n\nDear customer {number}.", asked, instructions=make_agent(task=task).guidance
        )
        assert learned.detail["document_ids"][0] in dataset.document_hashes
    assert learned.messages == kept.messages == corrected.messages == prompt
    assert learned.completion.startswith("Graz: 9 days.")
    assert "Tr7!" not in learned.completion + kept.completion + corrected.completion
    assert corrected.detail["rejected"] == "It stood still."
    assert not any("Linz" in said(it) for it in examples)  # nobody has reviewed it
    assert dataset.counts["dropped/thumb on a draft or summary, as no owner has reviewed it"] == 1
    assert {it.feedback_id for it in (learned, kept, corrected)} == {"word1"}


@pytest.mark.parametrize("task", [Task.SUMMARY, Task.GENERATION])
@pytest.mark.parametrize(
    ("made_of", "is_learned"),
    [
        ({"beyond": [Beyond.FILE]}, True),
        ({"shown": None}, True),
        ({"shown": ["Letter 5"]}, True),
        ({"shown": ["Reply 3"]}, False),  # for leads only
        ({"shown": ["of another source"]}, False),
        ({"beyond": [Beyond.LINK]}, False),
    ],
)
def test_of_what_a_person_sent_only_what_all_may_read_and_the_owner_accepted_is_learned(
    tenant, inference, task, made_of, is_learned
):
    paired(tenant, 26, task)
    if made_of.get("shown"):
        made_of = {"shown": [by_title(tenant).get(title, title) for title in made_of["shown"]]}
    accepted = {"correction": "Linz: sold.", "state": FeedbackState.ACCEPTED}
    judge(tenant, 1, "The plant in Linz was sold.", "Linz was sold.", made_of=made_of, **accepted)

    dataset, examples = built(tenant, inference)

    assert any("Linz" in said(it) or "Linz" in str(it.detail) for it in examples) == is_learned
    kept = dataset.counts.get("regression/correction", 0), dataset.counts.get("train/preference", 0)
    assert kept == ((1, 1) if is_learned else (0, 0))


def test_a_pair_whose_document_was_summarised_and_corrected_is_overtaken(tenant, inference):
    paired(tenant, 30, Task.SUMMARY)
    for number in range(5):
        accepted = {"correction": f"Thanks, {number}", "state": FeedbackState.ACCEPTED}
        judge(tenant, number, f"# Letter {number}\n\nDear customer {number}.", "Thanks.", **accepted)

    dataset, examples = built(tenant, inference)

    assert not {f"p{number}.md" for number in range(5)} & {it.detail.get("precedent") for it in examples}
    overtaken = [count for reason, count in dataset.counts.items() if "pair that a correction" in reason]
    assert sum(overtaken) == 4  # p3 is not there: its summary is for leads only
