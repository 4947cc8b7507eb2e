"""Chat and evaluation find what no word of a question leads to where there is an encoder, and answer without it too."""

from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source, make_tenant
from tests.fakes.inference import FakeInference
from tests.unit.bot.prompts import prompt_of
from tuning.datasets.material import Retrieval, gather
from tuning.domain.documents import DocumentPassage
from tuning.domain.releases import ReleaseState
from tuning.inference import EngineAway, Inference
from tuning.settings import TuningSettings
from tuning.store import agents, conversations, documents
from tuning.tenancy import tenant_of
from tuning.worker import encoding
from tuning.worker.retrieval import retrieval

QUESTION = "What about the zorp?"
RULE = "Newcomers are on probation for six months."


@pytest.fixture
def tenant(store, tmp_path):
    """An organisation with an encoder that knows probation by a word that no list has."""
    inference = FakeInference()
    inference.encodes = "small"

    def embed(texts):
        return inference.embed([text.replace("probation", "trial").replace("zorp", "trial") for text in texts])

    keep(
        store,
        make_agent(live_release_id="release"),
        make_run(dataset_id="dataset"),
        make_release(state=ReleaseState.LIVE),
        make_source(location="pairs"),
    )
    with store.transaction() as session:
        conversations.start(session, "chat", "bo", "agent")
        for title, text in (("Hotels", "A room costs 120 euros."), ("Newcomers", RULE)):
            documents.save(session, make_document(title))
            passage = DocumentPassage(document_id=title.lower(), position=0, text=text)
            documents.replace_passages(session, title.lower(), [passage])
    encoder = type("", (), {"encoder": lambda _: "small", "embed": lambda _, texts: embed(texts)})()
    encoding.encode(store, ["source"], encoder, lambda: None)
    return replace(make_tenant(store, tmp_path), encode=lambda text: embed([text]))


async def test_chat_finds_by_meaning_and_by_words_alone_when_the_engine_cannot_encode(tenant):
    assert RULE in await prompt_of(tenant, QUESTION, "first")
    away = tenant_of(TuningSettings(engine_url="http://127.0.0.1:9"), tenant.store)
    assert await prompt_of(replace(tenant, encode=away.encode), QUESTION, "second") == f"Question: {QUESTION}"


def test_an_evaluation_finds_by_meaning_too(tenant):
    with tenant.store.reading() as session:
        agent = agents.get(session, "agent")
    assert retrieval(tenant, agent)(QUESTION)[0].text == RULE
    assert retrieval(replace(tenant, encode=lambda _: None), agent)(QUESTION) == []


def test_what_is_learned_of_a_correction_are_the_passages_that_chats_show(tenant):
    def best(tenant):
        with tenant.store.reading() as session:
            retrieval = Retrieval(session, gather(session, tenant, "agent"), tenant)
            return [it.shown_with(QUESTION).text for it in retrieval.best(QUESTION, 1)]

    assert best(tenant) == [RULE]
    assert best(replace(tenant, encode=lambda _: None)) == []
    away = Inference("http://127.0.0.1:9", patience_s=0.0)
    with pytest.raises(EngineAway):
        best(replace(tenant, encode=away.encode))
