import pytest

from bot.files import HOSTS, file_name, is_trusted


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("# Offer for **Rothmere**\n\nDear", "Offer for Rothmere"),
        ("\n---\nTo: a/b\\c?", "To a b c"),
        ("..", "Draft"),
        ("", "Draft"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_file_is_called_what_its_draft_begins_with(text, name):
    assert file_name(text) == name


@pytest.mark.parametrize(
    "url",
    [
        "http://brenvale-my.sharepoint.com/upload",
        "https://sharepoint.com.evil.example/upload",
        "https://evilsharepoint.com/upload",
        "https://me@brenvale-my.sharepoint.com/upload",
        "https://[brenvale-my.sharepoint.com/upload",
        "http://127.0.0.1/upload",
        "",
    ],
)
def test_files_go_only_to_where_teams_keeps_them(url):
    assert not is_trusted(url, hosts=HOSTS, is_loopback_allowed=False)
    assert is_trusted("https://brenvale-my.sharepoint.com/upload", hosts=HOSTS, is_loopback_allowed=False)
