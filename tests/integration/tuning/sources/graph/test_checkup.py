"""What `attune doctor` finds."""

import pytest

from tests.fakes.microsoft365 import CLIENT, HOST, SITE, error, granted
from tuning.sources.graph.checkup import checkup, checkup_for_people

LINK = f"https://{HOST}{SITE}/Shared%20Documents"


def problems(registration, *links):
    return {finding.what.partition(" ")[0]: finding.problem for finding in checkup(registration, links)}


@pytest.fixture
def well(microsoft365):
    microsoft365.groups = {"11111111-0000-4000-8000-000000000000": []}
    microsoft365.share("root", granted(group="11111111-0000-4000-8000-000000000000"))
    return microsoft365


async def forbid(request):
    return error(403, "accessDenied", "Access denied")


def test_all_is_well(well):
    assert problems(well.registration(), LINK) == dict.fromkeys(
        ["Sign-in", "People", "Groups", "Labels", "Address", "Reading", "Access", "SharePoint's"], ""
    )


@pytest.mark.parametrize(
    ("path", "what", "remedy"),
    [
        ("/v1.0/users", "People", "User.Read.All"),
        ("/transitiveMembers", "Groups", "GroupMember.Read.All"),
        ("/sensitivityLabels", "Labels", "SensitivityLabels.Read.All"),
        ("/v1.0/sites/", "Reading", "Sites.Selected"),
        ("batched root", "Access", "fullcontrol"),
        ("/_api/web/sitegroups", "SharePoint's", "certificate"),
    ],
)
def test_each_missing_permission_is_named_with_what_to_do(well, path, what, remedy):
    well.trouble = {path: [forbid]}

    found = {key: problem for key, problem in problems(well.registration(), LINK).items() if problem}

    assert list(found) == [what]
    assert remedy in found[what]


def test_nothing_is_asked_before_there_is_something_to_sign_in_with(well):
    assert "ATTUNE_GRAPH_TENANT_ID" in problems(None, LINK)["Settings"]
    assert list(problems(well.registration(secret="wrong"), LINK)) == ["Sign-in"]


def test_an_address_that_is_not_sharepoints_is_never_asked_for(well):
    found = problems(well.registration(), "https://evil.example/sites/people")

    assert "not an address of SharePoint" in found["Address"]
    assert well.asked["sites"] == well.asked["people"] == 0


@pytest.mark.parametrize("client_id", ["", "5c1c0f8e-0000-4000-8000-000000000000"])
def test_a_machine_in_azure_signs_in_by_its_managed_identity(well, monkeypatch, client_id):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{well.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "here")
    by_identity = well.registration(secret="", client_id=client_id, managed_identity=True)

    assert set(problems(by_identity, LINK).values()) == {""}
    assert well.asked["openid-configuration"] == 0  # Entra itself is not asked


def test_a_machine_without_a_managed_identity_is_told_what_to_do(well, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{well.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "here")

    found = problems(well.registration(client_id="unassigned", managed_identity=True), LINK)

    assert list(found) == ["Sign-in"]
    assert "managed identity" in found["Sign-in"]


RESOURCE = f"api://attune.example.com/botid-{CLIENT}"


def for_people(registration, resource=RESOURCE):
    found = checkup_for_people(registration, resource)
    return {one.what.removeprefix("For people: "): one.problem or one.unseen for one in found}


def test_acting_for_people_is_tried_as_far_as_it_can_be(well):
    assert for_people(well.registration()) == dict.fromkeys(
        ["the bot's registration", RESOURCE, "Files.Read.All", "Files.ReadWrite"], ""
    )
    assert for_people(None) == {}


def test_each_delegated_permission_that_lacks_consent_is_named(well):
    well.consented = {"Sites.Read.All"}
    assert for_people(well.registration())["Files.Read.All"] == ""
    assert "delegated permission Files.ReadWrite" in for_people(well.registration())["Files.ReadWrite"]
    well.consented = {"Files.ReadWrite"}
    assert "delegated permission Files.Read.All" in for_people(well.registration())["Files.Read.All"]


def test_what_may_not_be_seen_is_no_fault(well):
    well.sees_consents = False
    found = list(checkup_for_people(well.registration(), RESOURCE))
    assert not [one for one in found if one.problem]
    assert "'sign in' tells" in found[-1].unseen


def test_a_secret_and_an_address_that_are_wrong_say_so(well):
    assert list(for_people(well.registration(secret="wrong"))) == ["the bot's registration"]
    found = for_people(well.registration(), "api://attune.example.com/other")
    assert "set the Application ID URI to api://attune.example.com/other" in found["api://attune.example.com/other"]
