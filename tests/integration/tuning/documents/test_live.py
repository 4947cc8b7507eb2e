"""Live search over loopback: what Graph tells a person, what of it an agent takes, and how it joins the index."""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.factories import keep, make_document, make_source, make_tenant
from tests.fakes.microsoft365 import HOST, OTHER_KEY, SITE, Microsoft365, busy, cut, error, granted, linked
from tests.fakes.people import FakePeople
from tuning.documents import live
from tuning.documents.live import fused, look
from tuning.documents.search import FoundPassage, search
from tuning.domain.documents import DocumentPassage, SourceKind
from tuning.sources.errors import Microsoft365Refused, NotDelegated
from tuning.sources.graph.delegation import Delegations
from tuning.sources.graph.library import LibraryReader
from tuning.store import documents, erasure

ANA, BO = "0a000000-0000-4000-8000-00000000000a", "0b000000-0000-4000-8000-00000000000b"
LIBRARY = f"https://{HOST}{SITE}/Shared Documents"
READ_AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
"""When the fake says that a file of version 1 was changed."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Microsoft365(tmp_path_factory.mktemp("microsoft365")) as server:
        yield server


@pytest.fixture
def microsoft365(server):
    """Policies for all, one of them for Bo alone, and a neighbour's folder."""
    server.clear()
    server.items["root"].permissions = [linked("organization")]
    server.put("policies", "Policies")
    server.put("leave", "Leave.md", b"Leave is 30 days. Weekends are free", parent="policies")
    server.put("bonus", "Bonus.md", b"The bonus for leave not taken is 40 euros", parent="policies")
    server.share("bonus", granted(BO), inherits=False)
    server.put("old", "Policies old", b"", parent="root")
    server.items["old"].content = None
    server.put("stale", "Leave.md", b"Leave was 20 days", parent="old")
    return server


@pytest.fixture
def delegations(microsoft365):
    delegations = Delegations(microsoft365.registration())
    for person_id in (ANA, BO):
        delegations.take(person_id, microsoft365.sso_token(person_id))
    yield delegations
    delegations.close()


@pytest.fixture
def tenant(store, tmp_path):
    keep(store, make_source(kind=SourceKind.SHAREPOINT, location=f"{LIBRARY}/Policies"))
    keep(store, make_source(id="folder", location="documents/travel"))
    return replace(make_tenant(store, tmp_path), people=FakePeople(people=[ANA, BO], groups={}), is_signing_in=True)


def index(store, title, path, text, *, readers=("organisation",), **values):
    with store.transaction() as session:
        document = make_document(title, readers, path=path, modified_at=READ_AT, **values)
        documents.save(session, document)
        passage = DocumentPassage(document_id=document.id, position=0, text=text)
        documents.replace_passages(session, document.id, [passage])


def asked(tenant, delegations, person_id=ANA, question="How many days of leave do I get?", sources=("source",)):
    return look(tenant, delegations, person_id, list(sources), question)


def texts(found):
    return [one.text for one in found]


def test_people_find_what_they_may_read_at_this_moment_and_nothing_else(tenant, delegations, microsoft365):
    assert texts(asked(tenant, delegations)) == ["Leave is 30 days"]
    assert sorted(texts(asked(tenant, delegations, BO))) == [
        "Leave is 30 days",
        "The bonus for leave not taken is 40 euros",
    ]
    microsoft365.share("bonus", inherits=True)
    assert len(asked(tenant, delegations)) == 2
    assert microsoft365.queries[0].startswith('("days" OR "leave"')
    assert microsoft365.queries[0].endswith(f'AND (path:"{LIBRARY}/Policies")')


def test_a_hit_has_title_link_and_place_and_no_marks(tenant, delegations, microsoft365):
    microsoft365.put("travel", "Travel", parent="policies")
    microsoft365.put("rail", "Rail rules.md", b"Go by rail. Or not. Rail is slow", parent="travel")
    (hit,) = asked(tenant, delegations, question="Do I go by rail?")
    assert (hit.title, hit.heading, hit.label) == ("Rail rules", "Travel", "")
    assert hit.text == "Go by rail … Rail is slow"
    assert hit.url == f"{LIBRARY.replace(' ', '%20')}/Policies/Travel/Rail%20rules.md"
    assert hit.is_live
    assert hit.is_changed


def test_what_lies_outside_the_agents_sources_is_left_out_whatever_graph_tells(tenant, delegations, microsoft365):
    microsoft365.keeps_to_paths = False
    assert texts(asked(tenant, delegations)) == ["Leave is 30 days"]


def test_without_a_source_in_sharepoint_nothing_is_asked(tenant, delegations, store, microsoft365):
    keep(store, make_source(id="site", kind=SourceKind.SHAREPOINT, location=f"https://{HOST}{SITE}"))
    assert asked(tenant, delegations, sources=["folder"]) == []
    assert asked(tenant, delegations, sources=["site"]) == []
    assert asked(tenant, delegations, question="?") == []
    assert microsoft365.queries == []


def test_a_question_can_not_write_the_query(tenant, delegations, microsoft365):
    asked(tenant, delegations, question='leave" OR path:"https://evil.example" OR author:"Mara')
    wanted, _, where = microsoft365.queries[0].partition(" AND ")
    assert ":" not in wanted
    assert where == f'(path:"{LIBRARY}/Policies")'


def test_secrets_are_taken_out_and_what_was_erased_stays_so(tenant, delegations, microsoft365, store):
    microsoft365.put("pay", "Pay.md", b"Leave pay goes to DE89370400440532013000", parent="policies")
    index(store, "Leave", "Leave.md", "Leave is 30 days.")
    with store.transaction() as session:
        erasure.forget_documents(session, documents.named(session, "leave"), [])
    (found,) = asked(tenant, delegations)
    assert "DE89370400440532013000" not in found.text
    assert found.title == "Pay"


def test_a_place_is_found_whatever_its_letters_and_what_was_erased_below_it_stays_so(
    tenant, delegations, microsoft365, store
):
    keep(store, make_source(id="measures", kind=SourceKind.SHAREPOINT, location=f"{LIBRARY}/Maßnahmen"))
    microsoft365.put("measures", "Maßnahmen")
    microsoft365.put("parents", "Parents.md", b"Leave of parents is 14 months", parent="measures")
    index(store, "Parents", "Parents.md", "Leave of parents.", source_id="measures", label="Confidential")
    (found,) = asked(tenant, delegations, sources=["measures"])
    assert (found.heading, found.label) == ("", "Confidential")
    with store.transaction() as session:
        erasure.forget_documents(session, documents.named(session, "parents"), [])
    assert asked(tenant, delegations, sources=["measures"]) == []


def test_what_was_erased_stays_so_wherever_it_lies_by_now(tenant, delegations, microsoft365):
    reader = LibraryReader(
        tenant.uploads.parent / "libraries/source", f"{LIBRARY}/Policies", microsoft365.registration()
    )
    assert "Leave.md" in [file.path for file in reader.files()]
    reader.erase("Leave.md")
    microsoft365.put("travel", "Travel", parent="policies")
    microsoft365.put("leave", "Days off.md", b"Leave is 31 days", parent="travel")
    microsoft365.put("unpaid", "Leave.md", b"Leave may be unpaid", parent="travel")
    assert texts(asked(tenant, delegations)) == ["Leave may be unpaid"]


def test_files_that_nobody_reads_here_are_left_out(tenant, delegations, microsoft365):
    microsoft365.put("photo", "leave.png", b"leave", parent="policies")
    microsoft365.put("lists", "questions.csv", b"question,answer,leave", parent="policies")
    assert [one.title for one in asked(tenant, delegations)] == ["Leave"]


def test_what_has_changed_since_it_was_read_takes_the_place_of_what_the_index_holds(
    tenant, delegations, microsoft365, store
):
    index(store, "Leave", "Leave.md", "Leave is 25 days.", url="https://docs.example/leave", label="General")
    index(store, "Parents", "Parents.md", "Leave of parents is two days longer.")

    def passages():
        with store.reading() as session:
            indexed = search(
                session, "How many days of leave?", principals=frozenset(["organisation"]), source_ids=["source"]
            )
        return fused(indexed, asked(tenant, delegations))

    both = passages()
    assert both[0].text == "Leave is 25 days."  # read since it was changed: the index knows it whole
    assert [one.document_id for one in both] == ["leave", "parents"]

    microsoft365.put("leave", "Leave.md", b"Leave is 31 days", parent="policies")
    both = passages()
    assert "Leave is 25 days." not in texts(both)
    (changed,) = [one for one in both if one.document_id == "leave"]
    assert (changed.text, changed.url, changed.label) == ("Leave is 31 days", "https://docs.example/leave", "General")


@pytest.mark.parametrize(
    "trouble",
    [
        busy(429, seconds=60),
        busy(503, seconds=0),
        cut(),
        lambda _: _told(error(403, "accessDenied", "Access denied")),
        lambda _: _told(web.Response(text="<html>", content_type="text/html")),
        lambda _: _told(web.json_response([])),
        lambda _: asyncio.sleep(1.5, web.json_response({"value": []})),
    ],
    ids=["throttled", "away", "cut", "refused", "no JSON", "a list", "slow"],
)
def test_trouble_is_one_refusal_in_time(tenant, delegations, microsoft365, monkeypatch, trouble):
    monkeypatch.setattr(live, "TIMEOUT_S", 1.0)
    microsoft365.trouble["/search/query"] = [trouble] * 9
    began = time.monotonic()
    with pytest.raises(Microsoft365Refused) as caught:
        asked(tenant, delegations)
    assert time.monotonic() - began < 2
    assert "Leave is" not in caught.value.sentence


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"value": None},
        {"value": [{"hitsContainers": [{"total": 0, "moreResultsAvailable": False}]}]},
        {"value": [{"hitsContainers": [{"hits": [None, {}, {"resource": {}}, {"resource": {"name": 1}}]}]}]},
        {"value": [{"hitsContainers": [{"hits": [{"summary": "x", "resource": {"@odata.type": "#x.site"}}]}]}]},
    ],
)
def test_what_is_no_hit_is_none(tenant, delegations, microsoft365, body):
    microsoft365.trouble["/search/query"] = [lambda _: _told(web.json_response(body))]
    assert asked(tenant, delegations) == []


async def _told(answer):
    return answer


def test_without_a_token_or_consent_nothing_is_found(tenant, delegations, microsoft365, caplog):
    delegations.forget(ANA)
    with pytest.raises(NotDelegated):
        asked(tenant, delegations)
    with pytest.raises(Microsoft365Refused):
        delegations.take(ANA, microsoft365.sso_token(ANA, key=OTHER_KEY))
    with pytest.raises(NotDelegated):
        asked(tenant, delegations)
    microsoft365.consented = {"Files.ReadWrite"}
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Microsoft365Refused, match="403"):
        asked(tenant, delegations, BO)
    assert delegations.token(BO) not in caplog.text


def passage(document_id, *, is_live=False, is_changed=False):
    values: dict[str, Any] = dict.fromkeys(("title", "heading", "text", "excerpt", "url", "label"), "")
    return FoundPassage(
        passage_id=0, document_id=document_id, score=0.0, is_live=is_live, is_changed=is_changed, **values
    )


def test_both_rankings_count_by_their_reciprocal_ranks():
    indexed = [passage("a"), passage("b"), passage("b"), passage("c")]
    live = [passage("c", is_live=True), passage("new", is_live=True, is_changed=True)]
    assert [one.document_id for one in fused(indexed, live)] == ["c", "a", "b", "new", "b"]
    assert fused(indexed, []) == [replace(one, score=1 / (10 + at)) for at, one in enumerate(indexed, start=1)]
    assert [one.is_live for one in fused([], live)] == [True, True]
