"""Texts that wait to become vectors: one batch of them between two turns, so that no answer's stream waits for long."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from serving.errors import ServingError
from serving.llama.encoders import Encoder

Vectors = NDArray[np.float32]
"""[texts, width], each of length 1."""


@dataclass(kw_only=True, eq=False)
class EmbeddingJob:
    """The texts of one request."""

    texts: Sequence[Sequence[int]]
    """Their tokens, no text longer than the encoder reads."""
    future: "Future[Vectors]" = field(default_factory=Future)
    """Gets the vectors, in the order of the texts."""
    done: list[Vectors] = field(default_factory=list)

    def fail(self, error: ServingError) -> None:
        """Tell who waits for the vectors, if somebody still does, that there won't be any."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


class Embedding:
    """The encoder and its queue; only the engine's thread uses it."""

    def __init__(self, encoder: Encoder) -> None:
        """Begin with nothing to do."""
        self.encoder = encoder
        self.jobs: deque[EmbeddingJob] = deque()

    def step(self) -> None:
        """Encode as many texts of the first job as one batch holds."""
        if not self.jobs:
            return
        job = self.jobs[0]
        if job.future.cancelled():
            self.jobs.popleft()
            return
        begun = sum(map(len, job.done))
        try:
            job.done.append(self.encoder.encode(_batch(job.texts[begun:], self.encoder)))
        except ServingError as error:
            self.jobs.popleft()
            job.fail(error)
            return
        if sum(map(len, job.done)) == len(job.texts):
            self.jobs.popleft()
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(np.concatenate(job.done))

    def give_up(self, error: ServingError) -> None:
        """Fail everything that waits."""
        while self.jobs:
            self.jobs.popleft().fail(error)


def _batch(texts: Sequence[Sequence[int]], encoder: Encoder) -> Sequence[Sequence[int]]:
    """Return the first texts that fit one batch."""
    tokens = 0
    for count, text in enumerate(texts[: encoder.sequences]):
        tokens += len(text)
        if tokens > encoder.limit:
            return texts[:count]
    return texts[: encoder.sequences]
