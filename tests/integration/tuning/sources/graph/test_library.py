"""A SharePoint library read through the unmodified SDK from a server in Microsoft's shapes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiohttp import web

from tests.factories import keep, make_source
from tests.fakes.microsoft365 import SITE, TENANT, busy, cut, error, granted, linked
from tuning.documents.sync import sync
from tuning.domain.documents import UNKNOWN_LABEL
from tuning.domain.errors import Refusal
from tuning.domain.policy import Policy
from tuning.sources.errors import LinkRefused, Microsoft365Refused, OutsideSource, SourceGone, SourceMissing
from tuning.sources.formats import MAX_BYTES
from tuning.sources.graph import library as library_module
from tuning.sources.graph.ledger import Ledger
from tuning.sources.graph.library import LibraryReader
from tuning.sources.reader import GRANTS_AGE
from tuning.store import documents

ANA, BO, CY = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")
STAFF = "5555aaaa-0000-4000-8000-000000000000"


def listed(reader):
    return {file.path: (set(file.readers), file.problem) for file in reader.files()}


def readers(reader):
    return {path: who for path, (who, _) in listed(reader).items()}


@pytest.fixture
def filled(microsoft365):
    """Two folders and four files, more than one page of changes."""
    microsoft365.share("root", granted(group=STAFF))
    microsoft365.put("f1", "Travel")
    microsoft365.put("f2", "Pay")
    microsoft365.put("hotels", "hotels.md", b"# Hotels\n\nThe limit is 120 euros.", parent="f1")
    microsoft365.put("trains", "trains.md", b"# Trains\n\nSecond class.", parent="f1")
    microsoft365.put("bands", "bands.md", b"# Bands\n\nFrom one to nine.", parent="f2")
    microsoft365.share("bands", granted(ANA), inherits=False)
    microsoft365.put("photo", "photo.png", b"picture")
    return microsoft365


def test_a_first_crawl_reads_every_page_and_a_later_one_only_what_changed(filled, library):
    first = readers(library())

    assert first == {
        "Pay/bands.md": {ANA},
        "Travel/hotels.md": {STAFF},
        "Travel/trains.md": {STAFF},
        "photo.png": {STAFF},
    }
    assert library().open("Travel/hotels.md").read_bytes().startswith(b"# Hotels")
    assert filled.asked["download"] == filled.asked["photo"] == 0  # a picture is not fetched
    assert {key: filled.asked[key] for key in ("hotels", "trains", "bands")} == {"hotels": 1, "trains": 1, "bands": 1}
    filled.asked.clear()
    filled.batched = 0

    filled.put("trains", "trains.md", b"# Trains\n\nFirst class.", parent="f1")
    reader = library()
    assert readers(reader) == first

    assert reader.open("Travel/trains.md").read_bytes() == b"# Trains\n\nFirst class."
    assert filled.asked == {"openid-configuration": 1, "token": 1, "delta": 1, "$batch": 2, "trains": 1}
    assert filled.batched == 2  # its access list, and where its content lies


def test_what_was_deleted_renamed_or_moved_is_found_where_it_is_now(filled, library, tmp_path):
    readers(library())
    filled.asked.clear()
    filled.remove("trains")
    filled.put("hotels", "hotels 2026.md", filled.items["hotels"].content, parent="f1")
    filled.put("f1", "Journeys", parent="f2")
    filled.share("f2", granted(CY), inherits=False)

    reader = library()

    assert readers(reader) == {
        "Pay/Journeys/hotels 2026.md": {CY},
        "Pay/bands.md": {ANA},
        "photo.png": {STAFF},
    }
    assert reader.open("Pay/Journeys/hotels 2026.md").read_bytes().startswith(b"# Hotels")
    assert filled.asked["hotels"] == 0  # the content had not changed
    assert not list((tmp_path / "copy" / "content").glob("trains*"))
    with pytest.raises(OutsideSource):
        reader.open("Travel/trains.md")


def test_an_erased_file_stays_out_renamed_or_crawled_anew(filled, library, tmp_path):
    readers(library())
    kept = library().open("Travel/trains.md")
    library().erase("Travel/trains.md")
    assert not kept.exists()
    assert "trains" not in (tmp_path / "copy/ledger.json").read_text().replace('"erased":["trains"]', "")
    filled.put("trains", "railways.md", b"# Trains\n\nFirst class.", parent="f2")
    assert set(readers(library())) == {"Pay/bands.md", "Travel/hotels.md", "photo.png"}
    filled.epoch += 1
    assert set(readers(library())) == {"Pay/bands.md", "Travel/hotels.md", "photo.png"}
    assert filled.asked["trains"] == 1  # as it was first crawled


async def not_found(request):
    return error(404, "itemNotFound", "Item not found")


def erasing(library, path, *, answer):
    """An answer before which a file is erased by another process than the one that crawls."""

    async def erase(request):
        library().erase(path)
        return answer

    return erase


@pytest.mark.parametrize("when", ["batched trains", "download/trains"])
def test_what_is_erased_while_a_crawl_is_under_way_stays_out(filled, library, tmp_path, when):
    readers(library())
    filled.put("trains", "trains.md", b"# Trains\n\nFirst class.", parent="f1")
    answer = error(403, "accessDenied", "") if "batched" in when else web.Response(body=b"# Trains")
    filled.trouble = {when: [erasing(library, "Travel/trains.md", answer=answer)]}

    assert set(readers(library())) == {"Pay/bands.md", "Travel/hotels.md", "photo.png"}

    assert not filled.trouble[when]
    assert not list((tmp_path / "copy" / "content").glob("trains*"))
    assert '"erased":["trains"]' in (tmp_path / "copy" / "ledger.json").read_text()
    filled.put("trains", "trains.md", b"# Trains\n\nThird class.", parent="f1")
    assert set(readers(library())) == {"Pay/bands.md", "Travel/hotels.md", "photo.png"}


def test_a_folder_that_was_deleted_takes_its_documents_along_and_comes_back_with_the_next_one(
    filled, library, store, tmp_path
):
    keep(store, make_source())
    sync(store, "source", library("/Travel"))
    library("/Travel").erase("trains.md")
    for key in ("hotels", "trains", "f1"):
        filled.remove(key)

    for _ in range(2):
        with pytest.raises(SourceGone, match="not there any more"):
            sync(store, "source", library("/Travel"))

    with store.reading() as session:
        assert documents.of_sources(session, ["source"]) == []
    assert not list((tmp_path / "copy" / "content").iterdir())
    filled.put("f3", "Travel")
    for key in ("hotels", "trains"):
        filled.put(key, f"{key}.md", b"# Trips", parent="f3")
    assert set(readers(library("/Travel"))) == {"hotels.md"}


def test_a_library_that_was_replaced_is_read_anew_without_what_was_erased(filled, library, tmp_path):
    readers(library())
    library().erase("Travel/trains.md")
    ledger = tmp_path / "copy" / "ledger.json"
    ledger.write_text(ledger.read_text().replace('"drive":"b!drive"', '"drive":"b!old"'))
    filled.trouble = {"delta": [not_found]}

    assert set(readers(library())) == {"Pay/bands.md", "Travel/hotels.md", "photo.png"}

    assert '"drive":"b!drive"' in ledger.read_text()


def test_a_library_that_is_not_found_but_there_keeps_its_documents(filled, library, store):
    keep(store, make_source())
    sync(store, "source", library())
    filled.trouble = {"delta": [not_found]}

    with pytest.raises(SourceMissing, match="nothing at") as refusal:
        sync(store, "source", library())

    assert not isinstance(refusal.value, SourceGone)
    with store.reading() as session:
        assert len(documents.of_sources(session, ["source"])) == 4


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_folder_in_a_closed_place_is_closed_though_it_is_told_before_the_place(filled, library, is_deleted):
    filled.page = 1
    readers(library())
    if is_deleted:
        kept = filled.items["f1"]
        filled.remove("f1")
        filled.log += ["root"]
        children = {key: filled.items.pop(key) for key in ("hotels", "trains")}
        readers(library())
        filled.items |= {"f1": kept, **children}
    filled.put("f3", "Closed")
    filled.share("f3", inherits=False)
    filled.put("f1", "Travel", parent="f3")
    filled.log[-3:] = ["f1", "f3", "f3"]

    assert readers(library()) == {
        "Closed/Travel/hotels.md": set(),
        "Closed/Travel/trains.md": set(),
        "Pay/bands.md": {ANA},
        "photo.png": {STAFF},
    }


def test_files_are_listed_once_however_many_are_opened(filled, library, monkeypatch):
    readers(library())
    listed = []
    files = Ledger.files

    def count(ledger):
        listed.append(ledger)
        return files(ledger)

    monkeypatch.setattr(Ledger, "files", count)
    reader = library()

    for path in ("Travel/hotels.md", "Travel/trains.md", "Pay/bands.md"):
        assert reader.open(path).is_file()

    assert len(listed) == 1
    reader.erase("Travel/trains.md")
    with pytest.raises(OutsideSource):
        reader.open("Travel/trains.md")


def test_a_folder_is_a_source_without_what_lies_beside_it(filled, library):
    assert readers(library("/Travel")) == {"hotels.md": {STAFF}, "trains.md": {STAFF}}


def test_less_rights_on_a_folder_reach_every_file_below_at_the_next_sync(filled, library):
    readers(library())
    filled.share("root", granted(BO))

    assert readers(library())["Travel/hotels.md"] == {BO}


def test_a_link_that_is_too_old_crawls_again_and_forgets_what_is_gone(filled, library):
    readers(library())
    filled.epoch += 1
    filled.log = [key for key in filled.log if key != "trains"]
    del filled.items["trains"]

    assert set(readers(library())) == {"Pay/bands.md", "Travel/hotels.md", "photo.png"}


def test_trouble_on_the_way_is_waited_out_as_long_as_microsoft_says(filled, library):
    filled.trouble = {
        "delta": [busy(429, seconds=1), cut()],
        "batched hotels": [busy(429, seconds=1)],
        "content of hotels": [busy(503, seconds=1)],
        "download/trains": [cut()],
    }

    reader = library()
    assert readers(reader)["Travel/hotels.md"] == {STAFF}

    assert not any(filled.trouble.values())
    assert reader.open("Travel/trains.md").read_bytes() == b"# Trains\n\nSecond class."
    asked = [at for at, path in filled.at if path.endswith(("delta()", "delta"))]
    assert asked[1] - asked[0] >= 1


def test_a_crawl_that_was_cut_goes_on_at_its_page(filled, library):
    filled.trouble = {"b!drive/root/delta": [cut(), cut(), cut()]}
    with pytest.raises(Microsoft365Refused, match="could not be reached"):
        readers(library())
    filled.at.clear()

    assert len(readers(library())) == 4
    assert not [path for _, path in filled.at if path.endswith("delta()")]


def test_a_token_that_was_refused_is_replaced_once(filled, library):
    async def expire(request):
        filled.tokens.clear()
        return error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")

    filled.trouble = {"delta": [expire]}

    assert len(readers(library())) == 4
    assert filled.asked["token"] == 2


def test_access_lists_that_can_not_be_read_let_nobody_in(filled, library):
    readers(library())
    filled.share("hotels", granted(BO))

    async def forbid(request):
        return error(403, "accessDenied", "Access denied")

    filled.trouble = {"batched hotels": [forbid]}
    who, problem = listed(library())["Travel/hotels.md"]

    assert who == set()
    assert "could not be read" in problem
    assert readers(library())["Travel/hotels.md"] == {BO, STAFF}


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_access_list_is_asked_for_again_after_an_error_that_passes(filled, library, status):
    async def fail(request):
        return error(status, "generalException", "Something went wrong")

    filled.trouble = {"batched hotels": [fail], "content of trains": [fail]}

    reader = library()
    assert readers(reader)["Travel/hotels.md"] == {STAFF}
    assert reader.open("Travel/trains.md").is_file()


def test_syncs_that_can_not_read_an_access_list_are_counted_until_one_can(filled, library, store):
    async def forbid(request):
        return error(403, "accessDenied", "Access denied")

    def unknown():
        sync(store, "source", library())
        with store.reading() as session:
            return documents.named(session, "Travel/hotels.md")[0].unknown_syncs

    keep(store, make_source())
    filled.trouble = {"batched hotels": [forbid, forbid]}

    assert [unknown() for _ in range(3)] == [1, 2, 0]


def test_an_access_list_is_read_again_when_it_is_old(filled, library, monkeypatch):
    readers(library())
    filled.batched = 0
    later = datetime.now(UTC) + GRANTS_AGE
    monkeypatch.setattr(library_module, "now", lambda: later)

    readers(library())

    assert filled.batched == 7  # every file and folder


def test_grants_of_every_kind_become_the_principals_behind_them(microsoft365, library):
    soon = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    claim = "c:0o.c|federateddirectoryclaimprovider|"
    microsoft365.person(ANA, "Ana Lopes")
    microsoft365.owners[STAFF] = [CY]
    microsoft365.groups[STAFF] = [ANA]
    microsoft365.person(CY, "Cy Ray")
    microsoft365.site_groups["5"] = ["i:0#.f|membership|ana@brenvale.example", f"{claim}{STAFF}", "SHAREPOINT\\system"]
    all_but_guests = f"c:0-.f|rolemanager|spo-grid-all-users/{TENANT}"
    given = {
        "direct": ([granted(BO)], {BO}),
        "group": ([granted(group=STAFF, role="write")], {STAFF}),
        "claimed": ([granted(group=STAFF, claim=f"{claim}{STAFF}_o")], {CY}),
        "sitegroup": ([granted(site_group="5")], {ANA, STAFF}),
        "everybody": ([granted(claim=all_but_guests)], {"organisation"}),
        "strangers": ([granted(claim=all_but_guests.replace(TENANT, STAFF))], set()),
        "people": ([linked("users", ANA, BO)], {ANA, BO}),
        "followed": ([linked("organization", ANA, expirationDateTime=soon)], {ANA}),
        "addressed": ([linked("organization", grantedToV2={"user": {"id": BO}})], {BO}),
        "organisation": ([linked("organization")], set()),
        "anyone": ([linked("anonymous", ANA, grantedToV2={"user": {"id": BO}})], set()),
        "existing": ([linked("existingAccess", ANA)], set()),
        "over": ([linked("users", ANA, expirationDateTime="2020-01-01T00:00:00Z")], set()),
        "password": ([linked("users", ANA, hasPassword=True)], set()),
        "viewonly": ([linked("organization", ANA, link={"preventsDownload": True})], set()),
        "limited": ([granted(BO, role="sp.restricted view")], set()),
        "lost": ([granted(site_group="9")], set()),
        "partly": ([granted(site_group="9"), granted(BO)], {BO}),
        "nobody": ([], set()),
    }
    for name, (permissions, _) in given.items():
        microsoft365.put(name, f"{name}.md", b"text", permissions=permissions)

    found = listed(library())

    assert {path.removesuffix(".md"): who for path, (who, _) in found.items()} == {
        name: who for name, (_, who) in given.items()
    }
    assert [path for path, (_, problem) in found.items() if problem] == ["lost.md"]


def test_grants_that_were_read_when_they_meant_more_are_read_again(filled, library, tmp_path):
    filled.share("hotels", linked("organization"), inherits=False)
    readers(library())
    path = tmp_path / "copy" / "ledger.json"
    kept = json.loads(path.read_text())
    kept["items"]["hotels"]["grants"] = ["organisation"]
    del kept["meaning"]
    path.write_text(json.dumps(kept))
    library().erase("photo.png")  # by a process that only reads what is there

    assert readers(library()) == {"Pay/bands.md": {ANA}, "Travel/hotels.md": set(), "Travel/trains.md": {STAFF}}

    filled.batched = 0
    readers(library())
    assert filled.batched == 0


def test_a_file_that_turns_out_too_large_is_left_out_and_the_rest_goes_on(filled, library):
    async def flood(request):
        return web.Response(body=bytes(MAX_BYTES + 1))

    filled.trouble = {"download/hotels": [flood]}

    reader = library()

    assert len(readers(reader)) == 4
    with pytest.raises(OSError, match="hotels"):
        reader.open("Travel/hotels.md").read_bytes()
    assert reader.open("Travel/trains.md").is_file()


def test_a_sync_takes_a_library_like_any_other_source(filled, library, store):
    keep(store, make_source())
    first = sync(store, "source", library())
    filled.share("hotels", granted(BO), inherits=False)
    filled.remove("bands")

    second = sync(store, "source", library())

    assert (first.total, first.read, first.left_out) == (4, 4, 1)
    assert (second.total, second.read, second.regranted, second.deleted) == (3, 0, 1, 1)


def test_the_lists_in_a_librarys_root_are_there_to_open_and_no_documents(filled, library, store):
    for name in ("questions.csv", "mapping.csv"):
        filled.put(name, name, b"question,answer,document")
        filled.put(f"{name} below", name, b"a,b", parent="f1")
    keep(store, make_source())

    sync(store, "source", library())

    with store.reading() as session:
        paths = {it.path for it in documents.of_sources(session, ["source"]) if it.path.endswith(".csv")}
    assert paths == {"Travel/questions.csv", "Travel/mapping.csv"}
    assert library().open("questions.csv").read_bytes() == b"question,answer,document"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("AADSTS7000222: The provided client secret keys for app 'x' are expired.", "secret has expired"),
        ("AADSTS7000215: Invalid client secret provided.", "secret is wrong"),
        ("AADSTS700016: Application with identifier 'x' was not found.", "no application with this client id"),
        ("AADSTS50000: Something new.\r\nTrace ID: 1", "AADSTS50000: Something new."),
    ],
)
def test_a_sign_in_that_is_refused_says_what_to_do(filled, library, said, sentence):
    filled.refused = {"error": "invalid_client", "error_description": said}

    with pytest.raises(Microsoft365Refused, match=sentence) as refusal:
        readers(library())
    assert "Trace" not in refusal.value.sentence


def test_without_secret_or_certificate_nothing_is_asked(filled, library):
    with pytest.raises(Microsoft365Refused, match="set a certificate, a client secret, or"):
        readers(library(secret=""))
    assert not filled.asked


def test_a_certificate_signs_in(filled, library, tmp_path):
    issued = trustme.CA().issue_cert("attune.example", key_type=trustme.KeyType.RSA)
    pem = tmp_path / "app.pem"
    pem.write_bytes(issued.private_key_and_cert_chain_pem.bytes())

    assert len(readers(library(secret="", certificate=pem))) == 4


@pytest.mark.parametrize(
    ("link", "refusal", "sentence"),
    [
        (f"https://brenvale.sharepoint.com{SITE}/Nothing", SourceMissing, "no library at"),
        (f"https://brenvale.sharepoint.com{SITE}/Shared Documents/Old", SourceMissing, "There is nothing at"),
        (f"https://brenvale.sharepoint.com{SITE}/Shared Documents/photo.png", SourceMissing, "It is a picture"),
        ("https://brenvale.sharepoint.com/sites/gone/Documents", SourceMissing, "There is nothing at"),
        ("https://contoso.sharepoint.com/sites/people/Documents", LinkRefused, "another organisation"),
    ],
)
def test_a_place_that_is_not_there_gets_one_sentence(filled, tmp_path, link, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        readers(LibraryReader(tmp_path / "copy", link, filled.registration()))


def test_a_site_without_consent_says_what_an_admin_has_to_do(filled, library):
    async def forbid(request):
        return error(403, "accessDenied", "Access denied")

    filled.trouble = {"/sites/": [forbid]}
    with pytest.raises(Refusal, match=r"Sites\.Selected"):
        readers(library())


@pytest.mark.parametrize("is_fetched_again", [False, True])
def test_what_is_put_in_and_closed_during_a_sync_goes_by_its_own_access_list_and_label(
    filled, library, is_fetched_again
):
    async def refuse(request):
        return error(403, "accessDenied", "Access denied")

    async def close(request):
        filled.put("plan", "plan.docx", b"secret", parent="f1")
        filled.share("plan", granted(BO), inherits=False)
        filled.labels = {"plan": "Highly Confidential"}
        return web.Response(status=302, headers={"Location": f"{filled.url}/download/plan"})

    filled.put("plan", "plan.docx", b"x", parent="f1")
    filled.trouble = {"content of plan": [refuse, close] if is_fetched_again else [close]}
    if is_fetched_again:
        assert readers(library())["Travel/plan.docx"] == {STAFF}
    reader = library()

    (plan,) = [file for file in reader.files() if file.path == "Travel/plan.docx"]

    assert reader.open(plan.path).read_bytes() == b"secret"
    assert (plan.readers, plan.label) == ((BO,), "Highly Confidential")


def test_labels_are_those_of_purview_and_read_again_only_when_a_file_has_changed(filled, library):
    filled.put("plan", "plan.docx", b"x", parent="f1")
    filled.put("note", "note.pdf", b"x", parent="f1")
    filled.labels = {"plan": "Highly Confidential"}

    first = {file.path: file.label for file in library().files()}
    filled.labels = {"plan": "General", "note": "General"}
    filled.put("plan", "plan.docx", b"changed", parent="f1")
    filled.asked.clear()
    second = {file.path: file.label for file in library().files()}
    list(library().files())

    assert (first["Travel/plan.docx"], first["Travel/note.pdf"], first["photo.png"]) == ("Highly Confidential", "", "")
    assert (second["Travel/plan.docx"], second["Travel/note.pdf"]) == ("General", "")
    assert filled.asked["sensitivityLabels"] == 1


def test_a_label_that_can_not_be_read_is_unknown_and_kept_out_where_the_policy_has_a_limit(filled, library):
    filled.put("plan", "plan.docx", b"x", parent="f1")
    filled.sees_labels = False

    (label,) = {file.label for file in library().files() if file.path == "Travel/plan.docx"}
    limited = Policy(highest_label="General")

    assert label == UNKNOWN_LABEL
    assert "could not be read" in limited.objection_to_label(label)
    assert "Labelled" in limited.objection_to_label("Highly Confidential")
    assert limited.objection_to_label("General") == limited.objection_to_label("") == ""
    assert Policy().objection_to_label(label) == ""
    assert limited.highest_of([label, "General"]) == "General"
    filled.sees_labels = True
    assert "" in {file.label for file in library().files() if file.path == "Travel/plan.docx"}
