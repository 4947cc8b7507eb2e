import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.domain.principals import ORGANISATION
from tuning.sources.errors import DirectoryUnreadable
from tuning.sources.people import FilePeople


def directory(path, groups, users=("ada", "ben"), guests=()):
    content = {
        "tenant_id": "t",
        "users": [{"id": it, "name": it.title(), "mail": f"{it}@x.example", "guest": it in guests} for it in users],
        "groups": [{"id": name, "name": name, "members": list(members)} for name, members in groups.items()],
        "personas": ["ada"],
    }
    path.write_text(json.dumps(content))
    return FilePeople(path)


def test_a_person_is_everything_above_them(tmp_path):
    people = directory(tmp_path / "people.json", {"staff": ["hr"], "hr": ["ada"], "it": ["ben"]})

    assert people.principals("ada") == {"ada", "hr", "staff", ORGANISATION}
    assert people.principals("hr") == {"hr", "staff", ORGANISATION}
    assert people.members("staff") == {"ada"}


def test_groups_in_a_circle_end(tmp_path):
    people = directory(tmp_path / "people.json", {"a": ["b"], "b": ["a", "ben"]})

    assert people.principals("ben") == {"ben", "a", "b", ORGANISATION}
    assert people.members("a") == {"ben"}


def test_a_guest_and_a_group_with_a_guest_are_not_the_organisation(tmp_path):
    people = directory(tmp_path / "people.json", {"partners": ["ada", "ben"], "hr": ["ada"]}, guests=("ben",))

    assert people.principals("ben") == {"ben", "partners"}
    assert ORGANISATION not in people.principals("partners")
    assert ORGANISATION in people.principals("ada") & people.principals("hr")


def test_an_unknown_id_is_nothing(tmp_path):
    people = directory(tmp_path / "people.json", {"staff": ["ada", "gone"]})

    assert people.principals("gone") == people.principals("staff2") == frozenset()
    assert people.members("staff") == {"ada"}


def test_a_change_of_the_file_is_seen(tmp_path):
    people = directory(tmp_path / "people.json", {"hr": ["ada"]})
    assert "hr" in people.principals("ada")

    directory(tmp_path / "people.json", {"hr": ["ben", "ben"]})

    assert "hr" not in people.principals("ada")


def test_search_finds_groups_first(tmp_path):
    people = directory(tmp_path / "people.json", {"adamant": ["ada"]})

    assert [it.id for it in people.search("ADA")] == ["adamant", "ada"]
    assert [it.id for it in people.personas] == ["ada"]


@pytest.mark.parametrize("content", [None, "{", '{"users": [{"id": 3}], "groups": []}'])
def test_a_file_that_cannot_be_read_knows_nobody_and_says_so(tmp_path, content):
    path = tmp_path / "people.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(DirectoryUnreadable, match=r"people\.json"):
        FilePeople(path).principals("ada")


IDS = st.sampled_from(["g1", "g2", "g3", "g4", "ada", "ben", "cid"])


@settings(max_examples=30)
@given(groups=st.dictionaries(st.sampled_from(["g1", "g2", "g3", "g4"]), st.lists(IDS, max_size=4)))
def test_members_and_principals_are_two_sides_of_one_thing(tmp_path_factory, groups):
    path = tmp_path_factory.mktemp("people") / "people.json"
    people = directory(path, groups, users=("ada", "ben", "cid"))

    for person in ("ada", "ben", "cid"):
        for group in groups:
            assert (group in people.principals(person)) == (person in people.members(group))
