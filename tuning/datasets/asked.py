"""Questions that people have asked, with what a document answers: `questions.csv` in a source's root lists them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tuning.datasets import source_lists
from tuning.datasets.material import Material
from tuning.datasets.questions import Context, Question, content_words
from tuning.documents.secrets import legible, redact
from tuning.domain.datasets import Origin
from tuning.domain.documents import Source
from tuning.governance.tenant import Tenant
from tuning.sources.formats import QUESTIONS

ASKED = "asked"
"""Who made such a question: people."""


def asked(tenant: Tenant, sources: Sequence[Source], material: Material, dropped: Counter[str]) -> list[Question]:
    """Return the questions of all lists, each with the passage that answers it word for word.

    A row's document is its path in the source. Questions lose their secrets, as documents do. Counts in `dropped` the
    rows that name no document that counts, and those that their document doesn't answer. Raises InvalidInput when a
    list's columns are missing.
    """
    return [
        question
        for source in sources
        for row in source_lists.rows(tenant, source, QUESTIONS, material, dropped) or ()
        for question in _question(row, source, material, dropped)
    ]


def _question(row: dict[str, str], source: Source, material: Material, dropped: Counter[str]) -> Iterator[Question]:
    contexts = material.on(source.id, row["document"])
    if not contexts:
        dropped["asked of a document that is left out"] += 1
        return
    text = redact(legible(row["question"])).text
    found = _answering(contexts, f"{text} {row['answer']}", row["answer"])
    if found is None or not text:
        dropped["asked, but not answered by its document"] += 1
        return
    context, answer = found
    yield Question(origin=Origin.LIST, text=text, answer=answer, context=context, made_by=ASKED)


def _answering(contexts: Sequence[Context], asked: str, answer: str) -> tuple[Context, str] | None:
    """Return the passage that holds the answer and most of the words asked for, and the answer as it stands there."""
    if not answer:
        return None
    written = r"\s+".join(re.escape(word) for word in answer.split())
    stands = re.compile(rf"(?<!\w){written}(?!\w)", re.IGNORECASE)
    holding = [(context, found[0]) for context in contexts if (found := stands.search(context.passage.text))]
    words = content_words(asked)
    return max(
        holding,
        key=lambda it: len(words & content_words(f"{it[0].passage.heading} {it[0].passage.text}")),
        default=None,
    )
