"""Passages get their vectors from the engine: all before a run goes on, and a few at a time between jobs."""

from datetime import timedelta

import pytest
from sqlmodel import select

from tests.factories import keep, make_document, make_source
from tests.fakes.inference import FakeInference
from tuning.domain.documents import DocumentPassage, PassageVectors
from tuning.domain.fields import now
from tuning.inference import EngineAway
from tuning.store import documents
from tuning.worker import encoding

COUNT = 40


@pytest.fixture
def store(store):
    keep(store, make_source())
    with store.transaction() as session:
        documents.save(session, make_document("Rules"))
        passages = [DocumentPassage(document_id="rules", position=at, text=f"Rule {at} holds.") for at in range(COUNT)]
        documents.replace_passages(session, "rules", passages)
    return store


def count(store, encoder="small"):
    with store.reading() as session:
        return len(session.exec(select(PassageVectors).where(PassageVectors.encoder == encoder)).all())


def test_a_run_encodes_all_that_has_no_vectors_and_does_not_go_on_without_the_engine(store):
    inference, watched = FakeInference(), []

    def encode():
        encoding.encode(store, ["source"], inference, lambda: watched.append(1))

    encode()
    inference.encodes, inference.is_away = "small", True
    with pytest.raises(EngineAway):
        encode()
    assert count(store) == 0
    inference.is_away = False
    encode()
    assert count(store) == COUNT
    assert len(watched) > 1
    inference.encodes = "large"
    encode()
    assert (count(store), count(store, "large")) == (0, COUNT)


def test_between_jobs_a_few_passages_are_encoded_at_a_time_and_once_done_it_looks_every_minute(store, monkeypatch):
    moment = began = now()
    monkeypatch.setattr(encoding, "now", lambda: moment)
    inference = FakeInference()
    encode_some = encoding.encoding(store, inference)
    encode_some()
    inference.encodes = "small"
    encode_some()
    assert count(store) == 0
    moment = began + timedelta(minutes=1)
    encode_some()
    assert 0 < count(store) < COUNT
    for _ in range(COUNT):
        encode_some()
    assert count(store) == COUNT
