"""Owners look for sources in SharePoint: what they find, what they don't, and what becomes of it."""

from dataclasses import replace

import pytest

from tests.factories import keep, make_agent, make_tenant
from tests.fakes.microsoft365 import DRIVE, HOST, SITE, Microsoft365, error, granted
from tests.fakes.people import FakePeople
from tuning.documents import picking
from tuning.domain.audit import Tag
from tuning.domain.documents import SourceKind
from tuning.domain.errors import NotAllowed
from tuning.domain.jobs import JobKind
from tuning.domain.policy import Policy
from tuning.governance.errors import PermissionMissing
from tuning.languages import speaking
from tuning.sources.errors import LinkRefused, Microsoft365Refused, SourceMissing
from tuning.sources.formats import MAX_BYTES
from tuning.sources.graph.library import LibraryReader
from tuning.store import audit, jobs

ANA, BO = "0a000000-0000-4000-8000-00000000000a", "0b000000-0000-4000-8000-00000000000b"
LINK = f"https://{HOST}{SITE}/Shared Documents"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Microsoft365(tmp_path_factory.mktemp("microsoft365")) as server:
        yield server


@pytest.fixture
def microsoft365(server):
    """A library with a folder for all, one for Bo alone, and files."""
    server.clear()
    server.items["root"].permissions = [granted(ANA)]
    server.put("policies", "Policies")
    server.put("leave", "Leave.md", b"# Leave", parent="policies")
    server.put("photo", "photo.png", b"x", parent="policies")
    server.put("pay", "Pay", permissions=[granted(BO)])
    server.items["pay"].inherits = False
    server.put("bonus", "Leave bonus.md", b"# Bonus", parent="pay")
    return server


@pytest.fixture
def tenant(store, tmp_path, microsoft365):
    keep(store, make_agent(owner_id=ANA))
    people = FakePeople(people=[ANA, BO], groups={})
    return replace(
        make_tenant(store, tmp_path), people=people, registration=microsoft365.registration(), sharepoint=(LINK,)
    )


def look(tenant, **how):
    return [(spot.kind.value, spot.name) for spot in picking.look(tenant, ANA, "agent", **how)]


def test_a_site_is_searched_and_looked_into_down_to_a_file(tenant):
    (site,) = picking.look(tenant, ANA, "agent", text="culture")
    (library,) = picking.look(tenant, ANA, "agent", inside=site.key)
    (folder,) = picking.look(tenant, ANA, "agent", inside=library.key)
    (file,) = picking.look(tenant, ANA, "agent", inside=folder.key)

    assert [one.kind for one in (site, library, folder, file)] == ["site", "library", "folder", "file"]
    assert [one.name for one in (site, library, folder, file)] == [
        "People and Culture",
        "Documents",
        "Policies",
        "Leave.md",
    ]
    assert file.place.address == f"{LINK}/Policies/Leave.md"
    assert [one.key for one in picking.look(tenant, ANA, "agent", inside=file.key)] == [file.key]


@pytest.mark.parametrize("sees_all", [True, False])
def test_what_the_owner_may_not_read_is_not_found_in_any_way(tenant, microsoft365, sees_all):
    microsoft365.sees_all_sites = sees_all

    assert look(tenant, text="leave") == [("file", "Leave.md")]
    assert look(tenant, text="pay") == []
    assert look(tenant, text="", inside=f"item|{DRIVE}|root") == [("folder", "Policies")]
    for inside in (f"item|{DRIVE}|pay", f"item|{DRIVE}|bonus", f"item|{DRIVE}|none", "item|other|root", "site|", "x"):
        with pytest.raises(SourceMissing, match="you may not read it"):
            look(tenant, inside=inside)
    microsoft365.share("root", granted(BO))
    assert look(tenant, text="culture") == []
    with pytest.raises(SourceMissing, match="that you may read"):
        look(tenant, text=f"https://{HOST}{SITE}")


def test_an_address_that_is_guessed_tells_nothing_of_what_the_owner_may_not_read(tenant, microsoft365):
    microsoft365.put("plans", "Plans.pdf", bytes(MAX_BYTES + 1), parent="pay")
    microsoft365.put("old", "Old.doc", b"x", parent="pay")
    site = f"https://{HOST}{SITE}"

    def said(address):
        with pytest.raises(SourceMissing) as caught:
            look(tenant, text=address)
        return caught.value.sentence.replace(address, "")

    guessed = ["Pay", "Pay/Leave bonus.md", "Pay/Plans.pdf", "Pay/Old.doc", "Nothing", "Pay/Nothing.doc"]
    sentences = {said(f"{LINK}/{path}") for path in guessed} | {
        said(f"{site}/Nothing"),
        said(f"https://{HOST}/sites/x"),
    }
    microsoft365.share("root", granted(BO))
    assert sentences | {said(site)} == {"There is nothing at  that you may read. Choose another source."}


def test_an_address_that_microsoft365_refuses_says_why(tenant, microsoft365):
    async def forbid(_request):
        return error(403, "accessDenied", "Access denied")

    microsoft365.trouble["/drives"] = [forbid]
    with pytest.raises(Microsoft365Refused, match="may not read the site"):
        look(tenant, text=f"{LINK}/Policies")


def test_without_a_text_the_sites_are_shown_that_admins_have_named(tenant):
    assert look(tenant) == [("site", "People and Culture")]
    assert look(replace(tenant, sharepoint=())) == []


def test_a_search_that_graph_refuses_goes_through_the_names(tenant, microsoft365):
    async def forbid(_request):
        return error(403, "accessDenied", "Access denied")

    microsoft365.trouble["search("] = [forbid]

    assert look(tenant, text="poli", inside=f"item|{DRIVE}|root") == [("folder", "Policies")]


def test_what_is_added_becomes_a_source_is_synced_and_audited_once(tenant, microsoft365, tmp_path):
    (source,) = picking.add(tenant, ANA, "agent", f"item|{DRIVE}|leave")
    assert picking.add(tenant, ANA, "agent", f"item|{DRIVE}|leave") == [source]
    (site,) = look_spots(tenant, "culture")
    (library,) = picking.add(tenant, ANA, "agent", site.key)

    assert (source.kind, source.name, source.location) == (
        SourceKind.SHAREPOINT,
        "Leave.md",
        f"{LINK}/Policies/Leave.md",
    )
    assert (library.name, library.location) == ("people: Documents", LINK)
    with tenant.store.reading() as session:
        added = [event for event in audit.events(session, source.id) if event.tag == Tag.SOURCE_ADDED]
    with tenant.store.transaction() as session:
        job = jobs.open_job(session, JobKind.SOURCE_SYNC, source.id)
    assert [event.actor_id for event in added] == [ANA]
    assert job is not None
    reader = LibraryReader(tmp_path / "copy", source.location, microsoft365.registration())
    (file,) = reader.files()
    assert (file.path, file.readers) == ("Leave.md", (ANA,))
    assert reader.open(file.path).read_bytes() == b"# Leave"


def look_spots(tenant, text):
    return picking.look(tenant, ANA, "agent", text=text)


def test_what_the_policy_bars_or_the_owner_may_not_read_is_not_added(tenant, microsoft365):
    with pytest.raises(SourceMissing):
        picking.add(tenant, ANA, "agent", f"item|{DRIVE}|pay")
    keep(tenant.store, Policy(source_keys=["folder"]))
    with pytest.raises(NotAllowed, match="doesn't allow agents to learn from"):
        picking.add(tenant, ANA, "agent", f"item|{DRIVE}|policies")
    with pytest.raises(PermissionMissing):
        picking.look(tenant, BO, "agent", text="leave")
    assert not [path for _, path in microsoft365.at if "policies" in path and "search" in path]


@pytest.mark.parametrize(
    ("text", "refusal", "english"),
    [
        ("https://example.com/sites/people", LinkRefused, "not an address of SharePoint"),
        ("http://127.0.0.1/secret", LinkRefused, "not an address of SharePoint"),
        ("https://contoso.sharepoint.com/sites/people/Documents", LinkRefused, "another organisation"),
        (f"https://{HOST}/sites/gone", SourceMissing, "There is nothing at"),
        (f"{LINK}/Policies/photo.png", SourceMissing, "It is a picture"),
    ],
)
def test_what_can_not_be_added_is_said_in_one_sentence_in_each_language(tenant, microsoft365, text, refusal, english):
    before = len(microsoft365.at)
    with speaking("de-DE"), pytest.raises(refusal) as caught:
        look(tenant, text=text)

    assert english in caught.value.english
    assert caught.value.sentence != caught.value.english
    if "not an address" in english:
        assert len(microsoft365.at) == before


def test_without_microsoft365_there_is_one_sentence(tenant):
    with pytest.raises(Microsoft365Refused, match="not set up"):
        look(replace(tenant, registration=None))
