"""Vectors for the passages that have none yet, where the engine has an encoder."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tuning.documents import vectors
from tuning.domain.fields import now
from tuning.domain.vectors import Encoded
from tuning.inference import EngineAway, EngineRefused
from tuning.store import Store, documents

EVERY = timedelta(minutes=1)

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """An engine that may have an encoder: `Inference`."""

    def encoder(self) -> str:
        """Return its name, empty if there is none; raise EngineAway or EngineRefused."""

    def embed(self, texts: Sequence[str]) -> Encoded:
        """Return texts as vectors; raise EngineAway or EngineRefused."""


def encode(store: Store, source_ids: Collection[str], engine: Encoder, watch: Callable[[], None]) -> None:
    """Encode all that is missing in these sources, watched: what a run learns must not hang on how far this has come.

    Raises EngineAway and EngineRefused.
    """
    encoder = engine.encoder()
    while encoder and vectors.index(store, source_ids, encoder, engine.embed):
        watch()


def encoding(store: Store, engine: Encoder) -> Callable[[], None]:
    """Return what to call as often as one likes: it encodes a few passages of all sources, if any are missing.

    Until an engine that is away is back, search goes by words alone.
    Only a few at a time, so that no job waits for long; once there is nothing more to do, it looks every minute.
    """
    due: datetime = now()

    def encode_some() -> None:
        nonlocal due
        if now() < due:
            return
        count = 0
        try:
            if encoder := engine.encoder():
                with store.reading() as session:
                    source_ids = [source.id for source in documents.sources(session)]
                count = vectors.index(store, source_ids, encoder, engine.embed)
        except (EngineAway, EngineRefused) as refusal:
            log.debug("No passages were encoded: %s", refusal.sentence)
        if not count:
            due = now() + EVERY

    return encode_some
