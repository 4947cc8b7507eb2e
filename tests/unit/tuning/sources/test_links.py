"""What a pasted address means, decided without fetching anything."""

import pytest

from tuning.sources.errors import LinkRefused
from tuning.sources.graph.links import place_of


@pytest.mark.parametrize(
    ("link", "site", "path"),
    [
        ("https://contoso.sharepoint.com", "", ""),
        ("https://Contoso.SharePoint.com/sites/People/", "/sites/People", ""),
        ("https://contoso.sharepoint.com/sites/HR/Shared%20Documents/A%26B", "/sites/HR", "Shared Documents/A&B"),
        (
            "https://contoso.sharepoint.com/sites/HR/Docs/Forms/A.aspx?id=%2Fsites%2FHR%2FShared%20Documents%2FPolicies",
            "/sites/HR",
            "Shared Documents/Policies",
        ),
        ("https://contoso.sharepoint.com/sites/HR/Docs/Forms/AllItems.aspx", "/sites/HR", "Docs"),
        ("https://contoso.sharepoint.com/sites/HR/SitePages/Home.aspx", "/sites/HR", ""),
        ("https://contoso-my.sharepoint.com/personal/ana/Documents", "/personal/ana", "Documents"),
        ("https://contoso.sharepoint.us/Shared Documents", "", "Shared Documents"),
    ],
)
def test_an_address_names_site_and_folder(link, site, path):
    place = place_of(link)

    assert (place.site, place.path) == (site, path)
    assert place_of(place.address) == place


@pytest.mark.parametrize(
    "link",
    [
        "",
        "contoso.sharepoint.com/sites/HR",
        "http://contoso.sharepoint.com/sites/HR",
        "https://contoso.sharepoint.com.evil.example/sites/HR",
        "https://evil.example/?contoso.sharepoint.com",
        "https://ana@contoso.sharepoint.com/sites/HR",
        "https://contoso.sharepoint.com:8443/sites/HR",
        "https://a.contoso.sharepoint.com/sites/HR",
        "https://sharepoint.com/sites/HR",
        "https://127.0.0.1/sites/HR",
        "https://[::1/sites/HR",
        "https://contoso.sharepoint.com/sites",
        "https://contoso.sharepoint.com/sites/HR/../../secret",
        "https://contoso.sharepoint.com/:f:/s/HR/Eabc",
    ],
)
def test_anything_else_is_refused_with_a_sentence(link):
    with pytest.raises(LinkRefused, match=r"\.$"):
        place_of(link)
