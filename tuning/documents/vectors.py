"""Passages as vectors, one per sentence, so that search finds what a question means in other words."""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from tuning.documents.passages import units
from tuning.domain.vectors import LONGEST, Encoded
from tuning.store import documents
from tuning.store.store import Store

_LONGEST_PLACE = 100
_AT_ONCE = 16
"""Passages per request and transaction."""

Embedder = Callable[[Sequence[str]], Encoded]
"""Turns texts, none longer than LONGEST, into vectors."""


def texts(title: str, heading: str, text: str) -> list[str]:
    """Return what of a passage is encoded: each of its units after its heading, rows without their table's head.

    One vector for a whole passage blurs what its sentences say; without the heading, a sentence such as "30 days." says
    nothing. At least one text, and none longer than LONGEST.
    """
    place = f"{(heading or title)[:_LONGEST_PLACE]}: "
    return [f"{place}{_without_head(unit)}"[:LONGEST] for unit in units(text)]


def _without_head(unit: str) -> str:
    return unit.rpartition("\n")[2] if unit.startswith("|") else unit


def index(store: Store, source_ids: Collection[str], encoder: str, embed: Embedder) -> int:
    """Encode some of the sources' passages that have no vectors by this encoder, and return how many: 0 at the end.

    What was encoded is kept in one transaction. Raises what the embedder raises.
    """
    with store.reading() as session:
        missing = documents.without_vectors(session, source_ids, encoder, limit=_AT_ONCE)
    if not missing:
        return 0
    of_each = [texts(title, passage.heading, passage.text) for title, passage in missing]
    encoded = embed([text for of_one in of_each for text in of_one])
    if encoded.encoder != encoder:  # another has taken its place, under which nothing has been looked for
        return 0
    ends = np.cumsum([len(of_one) for of_one in of_each])[:-1]
    with store.transaction() as session:
        for (_, passage), vectors in zip(missing, np.split(encoded.vectors, ends), strict=True):
            documents.save_vectors(session, passage, encoder, vectors)
    return len(missing)
