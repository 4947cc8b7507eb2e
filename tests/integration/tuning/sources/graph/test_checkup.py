"""What `attune doctor` finds."""

import pytest

from tests.fakes.microsoft365 import HOST, SITE, error, granted
from tuning.sources.graph.checkup import checkup

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
