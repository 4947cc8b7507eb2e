from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_document, make_people
from tests.fakes.people import FakePeople
from tuning.domain.policy import Policy
from tuning.governance.eligibility import Action, coverage, suggestions

PEOPLE = [f"p{number}" for number in range(4)]
GROUPS = [f"g{number}" for number in range(4)]


@st.composite
def directories(draw):
    guests = draw(st.sets(st.sampled_from(PEOPLE), max_size=1))
    members = st.lists(st.sampled_from([*PEOPLE, *GROUPS]), unique=True, max_size=4)
    return FakePeople(
        people=[one for one in PEOPLE if one not in guests],
        guests=sorted(guests),
        groups={group: draw(members) for group in GROUPS},
    )


principals = st.lists(st.sampled_from([*PEOPLE, *GROUPS, "unknown"]), unique=True, max_size=3)
readers = st.lists(st.sampled_from([*PEOPLE, *GROUPS, "organisation"]), unique=True, max_size=3)


def may_read(people, person_id, document):
    """By brute force: the person is named, is in a named group, or is in the organisation."""
    named = {reader for reader in document.readers if person_id in people.members(reader)}
    return bool(named) or ("organisation" in document.readers and "organisation" in people.principals(person_id))


@given(people=directories(), audience=principals, lists=st.lists(readers, max_size=4))
def test_whatever_is_eligible_every_person_of_the_audience_may_read(people, audience, lists):
    documents = [make_document(f"D{number}", readers) for number, readers in enumerate(lists)]
    found = coverage(documents, audience, people, Policy())
    reached = {person for principal in audience for person in people.members(principal)}
    for document in documents:
        if document.id in found.eligible_ids:
            assert audience
            assert "unknown" not in audience
            assert all(may_read(people, person, document) for person in reached)
    assert found.total == len(documents)
    assert all(exclusion.reason.endswith(".") for exclusion in found.exclusions)


@given(people=directories(), audience=st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1), who=readers)
def test_for_an_audience_of_people_exactly_what_all_may_read_is_eligible(people, audience, who):
    document = make_document("D", who)
    found = coverage([document], audience, people, Policy())
    assert bool(found.eligible_ids) == all(may_read(people, person, document) for person in audience)


@given(people=directories(), audience=principals.filter(len), lists=st.lists(readers, max_size=5))
def test_a_suggestion_gains_what_it_says(people, audience, lists):
    documents = [make_document(f"D{number}", readers) for number, readers in enumerate(lists)]
    before = len(coverage(documents, audience, people, Policy()).eligible_ids)
    for one in suggestions(documents, audience, people, Policy()):
        if one.action is Action.DROP:
            kept = [principal for principal in audience if principal != one.principal_id]
            assert len(coverage(documents, kept, people, Policy()).eligible_ids) == before + one.gain
        elif one.action is Action.SHARE:
            for document in documents:
                if document.id in one.document_ids:
                    document.readers = [*document.readers, one.principal_id]
            if people.principals(one.principal_id):
                assert len(coverage(documents, audience, people, Policy()).eligible_ids) == before + one.gain
            for document, who in zip(documents, lists, strict=True):
                document.readers = list(who)
        else:
            assert len(coverage(documents, [*audience, one.principal_id], people, Policy()).eligible_ids) == before


def test_each_document_left_out_says_why():
    documents = [
        make_document("Open"),
        make_document("Closed", ["leads"]),
        make_document("Private", ["gus"]),
        make_document("Scan", left_out="It is a scan without text."),
        make_document("Gone", is_deleted=True),
        make_document("Unlisted", []),
    ]
    found = coverage(documents, ["staff", "bo"], make_people(), Policy())
    assert found.eligible_ids == ("open",)
    assert {one.title: one.reason for one in found.exclusions} == {
        "Closed": "Not readable by Staff and Bo.",
        "Private": "Not readable by Staff and Bo.",
        "Scan": "It is a scan without text.",
        "Gone": "Not in its source any more.",
        "Unlisted": "Not readable by Staff and Bo.",
    }


def test_an_owner_reads_what_would_help():
    documents = [
        make_document("A", ["staff"]),
        make_document("B", ["staff"]),
        make_document("C", ["staff", "partners"]),
    ]
    found = suggestions(documents, ["bo", "partners"], make_people(), Policy())
    assert [one.sentence for one in found] == [
        "Drop Partners from the audience: 2 more files to learn from.",
        "Share 2 files with Partners: 2 more files to learn from.",
        "Add Staff to the audience: 3 more people, and no document is lost.",
    ]
