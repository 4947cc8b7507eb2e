"""How often search shows the passage that answers, on the sample organisation's frozen questions."""

import json

from tests.factories import keep, make_source
from tuning.documents.search import search
from tuning.documents.sync import sync
from tuning.sources.folder import FolderReader
from tuning.sources.people import FilePeople
from tuning.store import Store, documents

LEAST_RECALL_AT_4 = 0.92
"""Measured: 0.95. Every question was written without the words of its passage, so that search finds most of them by
synonyms and by words that are related."""
LEAST_RECALL_AT_8 = 0.94
AREAS = ("hr", "travel", "it")


def plain(text):
    return " ".join(text.replace("|", " ").split()).lower()


def test_the_supporting_passage_is_among_those_shown(root, tmp_path):
    store = Store(f"sqlite:///{tmp_path}/store.db")
    store.migrate()
    tenant = root / "sample_tenant"
    people = FilePeople(tenant / "people.json")
    for area in AREAS:
        keep(store, make_source(id=area, location=f"documents/{area}"))
        sync(store, area, FolderReader(tenant, f"documents/{area}"))
    asker = people.principals(people.personas[0].id)
    held = [json.loads(line) for line in (tenant / "holdout.jsonl").read_text("utf-8").splitlines()]
    held = [it for it in held if it["answer"] and it["document"].startswith(AREAS)]

    places = []
    with store.reading() as session:
        for asked in held:
            found = search(session, asked["question"], principals=asker, source_ids=AREAS, limit=8)
            document = documents.at_path(session, *asked["document"].split("/", 1))
            supports = [
                document is not None
                and it.document_id == document.id
                and (plain(asked["passage"]) in plain(it.text) or plain(asked["answer"]) in plain(it.text))
                for it in found
            ]
            places.append(supports.index(True) if True in supports else 99)
    store.close()

    assert len(held) >= 80
    assert sum(place < 4 for place in places) / len(held) >= LEAST_RECALL_AT_4
    assert sum(place < 8 for place in places) / len(held) >= LEAST_RECALL_AT_8
