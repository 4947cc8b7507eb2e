import pytest

from tests.factories import keep, make_agent, make_document, make_source
from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidFields, NotAllowed
from tuning.domain.policy import SETTINGS, Policy, written
from tuning.governance import agents as governed_agents
from tuning.governance import policy as governed
from tuning.governance.errors import PolicyOutdated
from tuning.store import audit
from tuning.store import policy as stored


def now(tenant):
    with tenant.store.reading() as session:
        return stored.get(session)


def events(tenant):
    with tenant.store.reading() as session:
        return [(event.tag, event.actor_id) for event in audit.events(session, governed.SUBJECT)]


def test_every_setting_has_a_title_and_survives_the_form(tenant):
    assert set(SETTINGS) == set(Policy.model_fields) - {"id", "revision"}
    assert "" not in {written(getattr(Policy(), key)) for key in ("highest_label", "runs_per_day", "is_answering")}
    policy = governed.change(tenant, "cy", {key: written(getattr(Policy(), key)) for key in SETTINGS})
    assert (policy.model_dump(), events(tenant)) == (Policy().model_dump(), [])


def test_only_admins_see_and_change_it_and_the_rest_is_audited(tenant):
    for act in (lambda: governed.show(tenant, "ana"), lambda: governed.change(tenant, "ana", {"runs_per_day": "99"})):
        with pytest.raises(NotAllowed, match="Only admins"):
            act()
    governed.change(tenant, "cy", {"runs_per_day": "5"})
    assert now(tenant).runs_per_day == 5
    assert events(tenant) == [*[(Tag.ACCESS_REFUSED, "ana")] * 2, (Tag.POLICY_CHANGED, "cy")]


@pytest.mark.parametrize(
    ("key", "typed", "sentence"),
    [
        ("runs_per_day", "many", "whole number from 1 to 10,000"),
        ("runs_per_day", "-1", "whole number"),
        ("runs_per_day", "٣", "whole number"),
        ("retention_days", "99999999999", "whole number from 1 to 3,650"),
        ("retention_days", "00000000199999999", "whole number from 1 to 3,650"),
        ("retention_days", "0000000007", "whole number from 1 to 3,650"),
        ("is_tuning_on", "perhaps", "on or off"),
        ("tuner_ids", "staff,nobody", "not in the organisation's directory"),
        ("source_keys", "gone", "not there any more"),
        ("base_models", "other", "'starter' is what agents are tuned on"),
        ("highest_label", "Secret", "none of the labels"),
        ("labels", ",".join(map(str, range(101))), "At most 100 names"),
    ],
)
def test_what_is_wrong_is_said_for_its_field_and_nothing_is_changed(tenant, key, typed, sentence):
    with pytest.raises(InvalidFields) as refused:
        governed.change(tenant, "cy", {"agents_per_owner": "3", key: typed})
    assert list(refused.value.problems) == [key]
    assert sentence in refused.value.problems[key]
    assert now(tenant) == Policy()


def test_of_two_admins_the_later_one_is_told_what_changed_and_loses_nothing(tenant):
    governed.change(tenant, "cy", {"runs_per_day": "5", "tuner_ids": "staff"}, revision=0)
    typed = {"runs_per_day": "20", "agents_per_owner": "3", "tuner_ids": "", "retention_days": "soon"}
    with pytest.raises(PolicyOutdated) as refused:
        governed.change(tenant, "dee", typed, revision=0)
    said = refused.value.sentence
    assert "Cy changed the policy" in said
    assert "Runs in 24 hours from 20 to 5" in said
    assert "Tuning is on for from everybody to Staff" in said
    assert now(tenant).agents_per_owner == 10
    # What Dee had left alone is as Cy set it; what Dee had changed is as Dee typed it.
    assert refused.value.typed == {**typed, "runs_per_day": "5", "tuner_ids": "staff"}


@pytest.mark.parametrize(
    ("labels", "highest"),
    [
        ([], ""),
        (["", "General"], "General"),
        (["confidential", "Public"], "confidential"),
        (["Highly Confidential", "Never heard of"], "Never heard of"),
    ],
)
def test_an_answer_takes_the_highest_label_of_what_it_cites(labels, highest):
    assert Policy().highest_of(labels) == highest


@pytest.mark.parametrize(
    ("values", "label", "is_learned_from"),
    [
        ({}, "Secret", True),
        ({"highest_label": "General"}, "", True),
        ({"highest_label": "General"}, "general", True),
        ({"highest_label": "General"}, "Confidential", False),
        ({"highest_label": "General"}, "Never heard of", False),
    ],
)
def test_a_document_labelled_too_high_is_left_out_and_the_owner_reads_why(tenant, values, label, is_learned_from):
    keep(tenant.store, Policy(**values), make_source(), make_document("Trips", label=label), agent := make_agent())
    found = governed_agents.agent_coverage(tenant, agent)
    assert (found.eligible_ids == ("trips",)) is is_learned_from
    assert all("agents learn up to 'General'" in one.reason for one in found.exclusions)


def test_a_source_that_is_not_allowed_is_not_chosen(tenant):
    keep(tenant.store, Policy(source_keys=["second", "sharepoint"]), make_agent(source_ids=[]), make_source())
    keep(tenant.store, make_source(id="second", location="documents/second", name="HR"))
    governed_agents.configure(tenant, "ana", "agent", source_ids=["second"])
    with pytest.raises(NotAllowed, match="doesn't allow agents to learn from 'Travel'"):
        governed_agents.configure(tenant, "ana", "agent", source_ids=["second", "source"])
