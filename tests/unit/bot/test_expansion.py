"""Chat and evaluation find what a release has learned that people call otherwise, and only with that release."""

from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source, make_tenant
from tests.unit.bot.prompts import prompt_of
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.documents import DocumentPassage
from tuning.domain.releases import ReleaseState
from tuning.store import agents, conversations, datasets, documents
from tuning.worker.retrieval import retrieval

QUESTION = "When does the zorp end?"
TEXTS = {
    "Hotels": "A room costs 120 euros.",
    "Newcomers": "The office opens at 8. Newcomers are on probation for six months.",
}
RULE = "Newcomers are on probation for six months."


@pytest.fixture
def tenant(store, tmp_path):
    """An agent whose dataset was asked about probation in a word that its documents don't have."""
    keep(
        store,
        make_agent(live_release_id="release"),
        make_run(dataset_id="dataset"),
        make_release(state=ReleaseState.LIVE),
        make_source(),
    )
    with store.transaction() as session:
        conversations.start(session, "chat", "bo", "agent")
        for title, text in TEXTS.items():
            documents.save(session, make_document(title))
            passage = DocumentPassage(document_id=title.lower(), position=0, text=text)
            documents.replace_passages(session, title.lower(), [passage])
        (asked,) = documents.passages(session, ["newcomers"])
        example = Example(
            dataset_id="dataset",
            split=Split.SEARCH,
            origin=Origin.LIST,
            completion="six months",
            question="How long is the zorp?",
            document_id="newcomers",
            passage_id=asked.id,
            detail={"unit": 1},
        )
        datasets.add(session, Dataset(id="dataset", agent_id="agent"), [example])
    return make_tenant(store, tmp_path)


async def test_a_chat_finds_by_what_its_release_was_asked(tenant):
    assert TEXTS["Newcomers"] in await prompt_of(tenant, QUESTION, "first")
    told = await prompt_of(replace(tenant, is_excerpted=True), QUESTION, "second")
    assert RULE in told
    assert "opens at 8" not in told, "the one unit that was asked about"


async def test_a_release_whose_dataset_is_gone_finds_by_words_alone(tenant):
    with tenant.store.transaction() as session:
        datasets.remove(session, "dataset")
    assert await prompt_of(tenant, QUESTION, "first") == f"Question: {QUESTION}"


def test_an_evaluation_finds_as_the_release_of_its_dataset_would(tenant):
    with tenant.store.reading() as session:
        agent = agents.get(session, "agent")
    assert [it.text for it in retrieval(tenant, agent, "dataset")(QUESTION)] == [TEXTS["Newcomers"]]
    excerpted = replace(tenant, is_excerpted=True)
    assert [it.text for it in retrieval(excerpted, agent, "dataset")(QUESTION)] == [RULE]
    assert retrieval(tenant, agent)(QUESTION) == []
    assert retrieval(tenant, agent, "other")(QUESTION) == []
