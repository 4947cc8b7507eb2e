import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tuning.domain.audit import Tag
from tuning.domain.criteria import MAX_CRITERIA, Criterion
from tuning.domain.documents import SourceKind
from tuning.domain.errors import InvalidFields, InvalidInput, NotAllowed, WrongState
from tuning.domain.policy import Policy
from tuning.domain.prompts import Task
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import agents as governed
from tuning.store import agents, audit


def lines(agent):
    return [Criterion.of(row).line() for row in agent.criteria]


def test_an_agent_is_made_named_once_and_audited(tenant):
    agent = governed.create(tenant, "ana", name="  HR \n answers ", task=Task.QUESTIONS)
    assert agent.name == "HR answers"
    with pytest.raises(InvalidInput, match="already have"):
        governed.create(tenant, "ana", name="hr ANSWERS", task=Task.SUMMARY)
    governed.create(tenant, "bo", name="HR answers", task=Task.QUESTIONS)
    with tenant.store.reading() as session:
        assert [event.tag for event in audit.events(session, agent.id)] == [Tag.AGENT_CREATED]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_name_has_one_to_sixty_characters(tenant, name):
    with pytest.raises(InvalidInput, match="1 to 60"):
        governed.create(tenant, "ana", name=name, task=Task.QUESTIONS)


def test_the_policy_limits_agents_per_owner(tenant):
    keep(tenant.store, Policy(agents_per_owner=1), make_agent())
    with pytest.raises(NotAllowed, match="limit"):
        governed.create(tenant, "ana", name="Second", task=Task.QUESTIONS)


def test_configuring_an_agent_completes_it_and_is_audited(tenant):
    keep(tenant.store, make_source(), draft := make_agent(source_ids=[], questionnaire={}, audience=[]))
    assert not draft.is_complete
    changed = governed.configure(
        tenant,
        "ana",
        "agent",
        description="Knows the rules.",
        questionnaire={"data": "Rules", "organisation": "By topic"},
        starters=["May I fly?", " ", "May I fly?"],
        criteria=["critical: at most 40 words", ""],
        source_ids=["source"],
        audience=["staff", "bo"],
    )
    assert (changed.is_complete, changed.starters, changed.audience) == (True, ["May I fly?"], ["staff", "bo"])
    assert lines(changed) == ["critical: at most 40 words", "cites a passage"]
    with tenant.store.reading() as session:
        assert agents.get(session, "agent").model_dump() == changed.model_dump()
        (event,) = audit.events(session, "agent")
    assert set(event.detail) == {
        "description",
        "questionnaire",
        "starters",
        "criteria",
        "source_ids",
        "audience",
        "is_complete",
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"instructions": "x" * 2001}, "at most 2,000 characters; there are 2,001"),
        ({"starters": list("abcdefg")}, "at most 6 starters"),
        ({"criteria": ["is friendly"]}, "Line 1 of the criteria can't be used"),
        ({"source_ids": ["elsewhere"]}, "not there any more"),
        ({"source_ids": ["bos"]}, "not there any more"),
        ({"audience": ["staff", "stranger"]}, "not in the organisation's directory"),
        ({"questionnaire": {"favourite": "x"}}, "not asked about favourite"),
        ({"owner_id": "bo"}, "no owner_id"),
        ({"name": ""}, "1 to 60"),
    ],
)
def test_a_value_that_cannot_be_used_changes_nothing(tenant, changes, sentence):
    uploads = make_source(id="bos", kind=SourceKind.UPLOAD, location="bo")
    keep(tenant.store, make_source(), uploads, make_agent())
    with pytest.raises(InvalidInput, match=sentence):
        governed.configure(tenant, "ana", "agent", description="New", **changes)
    with tenant.store.reading() as session:
        assert agents.get(session, "agent").model_dump(exclude={"created_at"}) == make_agent().model_dump(
            exclude={"created_at"}
        )


def test_every_field_that_cannot_be_used_is_named_at_once(tenant):
    keep(tenant.store, make_agent())
    with pytest.raises(InvalidFields) as refused:
        governed.configure(
            tenant,
            "ana",
            "agent",
            instructions="Be brief.",
            questionnaire={"data": " ", "organisation": "x" * 501},
            criteria=["is friendly"],
            holdout=[{"question": "Why?"}, {"question": "why?"}],
        )
    assert refused.value.problems == {
        "questionnaire.data": "Please fill in: What do the documents contain?",
        "questionnaire.organisation": "The answer may have at most 500 characters; there are 501.",
        "criteria": refused.value.problems["criteria"],
        "holdout": "A hold-out question comes twice. Leave one of them out.",
    }
    with tenant.store.reading() as session:
        assert (agents.get(session, "agent").instructions, agents.holdout(session, "agent")) == ("", [])


def test_an_agent_with_an_unusable_description_is_not_made(tenant):
    with pytest.raises(InvalidFields) as refused:
        governed.create(tenant, "ana", name="", task=Task.SUMMARY, description="x" * 301)
    assert set(refused.value.problems) == {"name", "description"}
    assert governed.owned(tenant, "ana") == []


def test_what_it_does_can_be_changed_until_something_is_made_for_it(tenant):
    criteria = [{"rule": "cites", "value": "", "is_critical": False}]
    keep(tenant.store, make_source(), make_agent(is_complete=True, criteria=criteria))
    agent = governed.configure(tenant, "ana", "agent", task=Task.SUMMARY)
    assert (agent.task, agent.questionnaire, agent.criteria, agent.is_complete) == (Task.SUMMARY, {}, [], False)
    keep(tenant.store, make_run(state=RunState.FAILED))
    governed.configure(tenant, "ana", "agent", task=Task.QUESTIONS)
    keep(tenant.store, make_run(id="second", state=RunState.READY, dataset_id="dataset"))
    with pytest.raises(InvalidFields, match="Make another agent") as refused:
        governed.configure(tenant, "ana", "agent", task=Task.GENERATION)
    assert set(refused.value.problems) == {"task"}


def test_the_audience_is_fixed_while_a_run_learns_for_it(tenant):
    keep(tenant.store, make_source(), make_agent(), make_run())
    with pytest.raises(WrongState, match="during a run"):
        governed.configure(tenant, "ana", "agent", audience=["partners"])
    assert governed.configure(tenant, "ana", "agent", instructions="Be brief.").instructions == "Be brief."


def test_people_see_the_agents_that_they_can_ask(tenant):
    keep(
        tenant.store,
        make_agent(live_release_id="release"),
        make_release(state=ReleaseState.LIVE, audience=["leads"]),
        make_agent(id="draft", name="Draft"),
    )
    assert [agent.id for agent in governed.available(tenant, "cy")] == ["agent"]
    assert governed.available(tenant, "bo") == []
    assert [agent.id for agent in governed.owned(tenant, "ana")] == ["agent", "draft"]


def test_an_agent_learns_nothing_that_its_owner_may_not_read(tenant):
    keep(tenant.store, make_agent(audience=["leads"]), make_document("Open"), make_document("Closed", ["leads"]))
    found = governed.agent_coverage(tenant, make_agent(audience=["leads"]))
    assert found.eligible_ids == ("open",)
    assert [one.reason for one in found.exclusions] == ["Not readable by Ana."]


class TestHoldout:
    def test_it_is_kept_in_order_and_replaced_as_a_whole(self, tenant):
        keep(tenant.store, make_agent())
        governed.configure(tenant, "ana", "agent", holdout=[{"question": "Old?"}])
        rows = [{"question": "Why?", "answer": " So. "}, {"question": "Who?"}]
        governed.configure(tenant, "ana", "agent", holdout=rows)
        with tenant.store.reading() as session:
            kept = agents.holdout(session, "agent")
        assert [(row.question, row.answer) for row in kept] == [("Why?", "So."), ("Who?", None)]

    @pytest.mark.parametrize(
        ("rows", "sentence"),
        [
            ([{"question": "Why?"}, {"answer": "So."}], "Line 2 .* question: field required"),
            ([{"question": " "}], "Line 1 .* needs a question"),
            ([{"question": "Why?", "answer": ""}], "Line 1 .* empty answer"),
            ([{"question": "Why?"}, {"question": "WHY?"}], "twice"),
            ([{"question": "?"}] * 1001, "at most 1000"),
            ([{"question": "Why?", "mood": "x"}], "Line 1 .* mood"),
        ],
    )
    def test_a_bad_line_is_named(self, tenant, rows, sentence):
        keep(tenant.store, make_agent())
        with pytest.raises(InvalidInput, match=sentence):
            governed.configure(tenant, "ana", "agent", holdout=rows)


def test_the_criterion_that_answers_suggest_follows_them_until_its_owner_takes_it_out(tenant):
    keep(tenant.store, make_agent(task=Task.SUMMARY, questionnaire={}))

    def said(summary, criteria=None):
        typed = {} if criteria is None else {"criteria": criteria}
        return lines(governed.configure(tenant, "ana", "agent", questionnaire={"summary": summary}, **typed))

    assert said("Briefs", ["at most 60 words"]) == ["at most 60 words", "always says Briefs"]
    assert said("Digest", ["critical: always says Briefs"]) == ["critical: always says Digest"]
    assert said("Digest", ["at most 60 words"]) == ["at most 60 words"]
    assert said("Brief") == ["at most 60 words"]


def test_nothing_is_suggested_beyond_the_limit_or_twice(tenant):
    keep(tenant.store, make_agent(questionnaire={}))
    full = [f"at most {number} words" for number in range(1, MAX_CRITERIA + 1)]
    answers = {"data": "Rules", "organisation": "By topic"}
    assert lines(governed.configure(tenant, "ana", "agent", questionnaire=answers, criteria=full)) == full
    governed.configure(tenant, "ana", "agent", task=Task.SUMMARY, criteria=[])
    governed.configure(tenant, "ana", "agent", task=Task.QUESTIONS)
    twice = governed.configure(tenant, "ana", "agent", questionnaire=answers, criteria=["critical: cites a passage"])
    assert lines(twice) == ["critical: cites a passage"]


def test_another_task_takes_the_suggestion_with_it(tenant):
    keep(tenant.store, make_agent(task=Task.SUMMARY, questionnaire={}))
    governed.configure(tenant, "ana", "agent", questionnaire={"summary": "Briefs"})
    assert lines(governed.configure(tenant, "ana", "agent", task=Task.QUESTIONS)) == []
