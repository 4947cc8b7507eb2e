"""Texts wait for the encoder one batch at a time, and come back in their order."""

import numpy as np
import pytest

from serving.embedding import Embedding, EmbeddingJob
from serving.errors import DecodingFailed, ShuttingDown


class FakeEncoder:
    """Writes a text's first token as its vector."""

    limit = 10
    sequences = 3

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def encode(self, texts):
        if [0] in texts:
            raise DecodingFailed(reason="zero")
        self.batches.append([len(text) for text in texts])
        return np.array([[text[0]] for text in texts], np.float32)


@pytest.fixture
def encoder():
    return FakeEncoder()


@pytest.fixture
def embedding(encoder):
    return Embedding(encoder)


def test_batches_hold_what_the_encoder_takes_and_vectors_keep_their_order(embedding, encoder):
    job = EmbeddingJob(texts=[[number] * size for number, size in enumerate((4, 6, 1, 10, 1, 1, 1, 1), start=1)])
    embedding.jobs.append(job)
    while embedding.jobs:
        embedding.step()
    assert encoder.batches == [[4, 6], [1], [10], [1, 1, 1], [1]]
    assert job.future.result()[:, 0].tolist() == list(range(1, 9))


def test_a_failure_is_its_own_requests_only(embedding):
    jobs = [EmbeddingJob(texts=[[0]]), EmbeddingJob(texts=[[7]])]
    embedding.jobs.extend(jobs)
    for _ in range(3):
        embedding.step()
    with pytest.raises(DecodingFailed):
        jobs[0].future.result()
    assert jobs[1].future.result().tolist() == [[7]]


def test_who_left_costs_nothing_and_who_waits_at_the_end_is_told(embedding, encoder):
    gone, waiting = EmbeddingJob(texts=[[1]]), EmbeddingJob(texts=[[2]])
    embedding.jobs.extend([gone, waiting])
    gone.future.cancel()
    embedding.step()
    assert encoder.batches == []
    embedding.give_up(ShuttingDown(retry_after_s=5))
    with pytest.raises(ShuttingDown):
        waiting.future.result()
