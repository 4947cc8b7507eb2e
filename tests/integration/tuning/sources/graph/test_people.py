"""People, groups and who belongs to what, as Microsoft Entra says it."""

import pytest

from tests.fakes.microsoft365 import error
from tuning.sources.errors import DirectoryUnreadable
from tuning.sources.graph import people as people_module
from tuning.sources.graph.people import EntraPeople

ANA, BO, CY, GUS, OLD = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abcde")
STAFF, LEADS, PARTNERS = (f"{number * 8}-0000-4000-8000-000000000000" for number in "123")


@pytest.fixture
def people(microsoft365):
    for person_id, name in ((ANA, "Ana Lopes"), (BO, "Bo Berg"), (CY, "Cy Ray")):
        microsoft365.person(person_id, name)
    microsoft365.person(GUS, "Gus Guest", guest=True)
    microsoft365.person(OLD, "Olga Gone", enabled=False)
    microsoft365.groups = {STAFF: [ANA, LEADS, OLD], LEADS: [BO, CY, STAFF], PARTNERS: [GUS, BO]}
    found = EntraPeople(microsoft365.registration())
    yield found
    found.close()


def test_membership_goes_through_nested_groups_even_in_circles(people):
    assert people.members(STAFF) == {ANA, BO, CY}
    assert people.principals(CY) == {CY, LEADS, STAFF, "organisation"}
    assert people.principals(LEADS) == {LEADS, STAFF, "organisation"}
    assert people.group(STAFF).member_ids == (ANA, LEADS, OLD)


def test_guests_disabled_accounts_and_strangers_are_not_the_organisation(people):
    assert people.principals(GUS) == {GUS, PARTNERS}
    assert people.principals(PARTNERS) == {PARTNERS}
    assert people.principals(OLD) == frozenset()
    assert people.person(OLD) is None
    assert people.principals("nobody") == people.members("nobody") == frozenset()


def test_people_and_groups_are_found_by_the_beginning_of_their_name(people):
    assert [(one.id, one.mail) for one in people.search("an")] == [(ANA, "ana@brenvale.example")]


def test_an_answer_is_believed_for_its_age_only(people, microsoft365, monkeypatch):
    assert LEADS in people.principals(BO)
    asked = microsoft365.asked.total()
    microsoft365.groups[LEADS].remove(BO)

    assert LEADS in people.principals(BO)
    assert microsoft365.asked.total() == asked
    monkeypatch.setattr(people_module, "MAX_AGE_S", 0.0)
    assert LEADS not in people.principals(BO)


def test_a_directory_that_can_not_be_read_is_no_answer(people, microsoft365):
    async def forbid(request):
        return error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    microsoft365.trouble = {"users": [forbid]}
    with pytest.raises(DirectoryUnreadable):
        people.person(ANA)
    assert people.person(ANA).name == "Ana Lopes"
