import csv
from datetime import date, timedelta

import pytest

from tests.factories import keep, make_agent, make_answer, make_release, make_run
from tuning.domain.conversations import Conversation
from tuning.domain.errors import NotAllowed
from tuning.domain.fields import now
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.usage import together
from tuning.governance import usage as governed
from tuning.governance.topics import topics
from tuning.store import usage
from tuning.store.usage import Declined


def ask(tenant, person_id, question="May I fly?", *, agent_id="agent", days_ago=0, declined=True):
    answer = make_answer(
        id=f"{person_id}{question}{agent_id}{days_ago}",
        person_id=person_id,
        question=question,
        agent_id=agent_id,
        release_id="release",
        asked_at=now() - timedelta(days=days_ago),
        seconds=1.5,
        is_declined=declined,
    )
    with tenant.store.transaction() as session:
        session.add(answer)
        usage.asked(session, answer)
        usage.answered(session, answer)


@pytest.fixture
def tenant(tenant):
    keep(tenant.store, make_agent(), make_agent(id="other", name="Other", owner_id="cy"))
    talk = Conversation(id="talk", chat_id="c", person_id="bo", agent_id="agent")
    keep(tenant.store, make_run(), make_release(state=ReleaseState.LIVE), talk)
    ask(tenant, "bo", "May I fly?", days_ago=10, declined=False)
    ask(tenant, "bo", "How long is parental leave?")
    ask(tenant, "ana", "how long is parental leave")
    ask(tenant, "bo", "Does Xaver get parental leave in Qatar?")
    ask(tenant, "dee", "Who is Yolanda?", agent_id="other")
    return tenant


def test_admins_see_all_agents_and_owners_their_own(tenant):
    everything, own = governed.report(tenant, "cy"), governed.report(tenant, "ana")
    assert [(one.name, one.people, one.use.questions) for one in everything.lines] == [
        ("Travel", 2, 4),
        ("Other", 1, 1),
    ]
    assert (everything.people, everything.total.questions) == (3, 5)
    assert [(one.name, one.people) for one in own.lines] == [("Travel", 2)]
    assert own.total.questions == 4
    assert [one.name for one in governed.report(tenant, "ana", agent_id="agent").lines] == ["release 1"]
    assert governed.of_owner(tenant, "ana")["agent"].use == own.lines[0].use


@pytest.mark.parametrize(("person_id", "agent_id"), [("bo", ""), ("bo", "agent"), ("ana", "other"), ("gus", "")])
def test_nobody_else_sees_anything(tenant, person_id, agent_id):
    with pytest.raises(NotAllowed, match="Only the agent's owner or an admin"):
        governed.report(tenant, person_id, agent_id=agent_id)


def test_only_the_days_that_were_asked_for_count(tenant):
    week = governed.report(tenant, "cy", agent_id="agent", days=7)
    assert (week.total.questions, len(week.by_day)) == (3, 7)
    assert [(day, use.questions) for day, use in week.by_day][-1] == (now().date(), 3)
    assert governed.report(tenant, "cy", agent_id="agent", days=30).total.questions == 4


def test_people_of_each_day_are_added_up(tenant):
    month = governed.report(tenant, "cy", agent_id="agent")
    assert (month.people, month.total.people) == (2, 3)
    assert [use.people for _day, use in month.by_day if use.people] == [1, 2]


def test_topics_tell_from_when_they_are_whole(tenant, monkeypatch):
    week = governed.report(tenant, "cy", agent_id="agent", days=7)
    assert week.topics_since == week.by_day[0][0]
    assert [one.asked_on for one in week.topics] == [[now().date()] * 3]
    ask(tenant, "ana", "What about leave?", days_ago=2)
    monkeypatch.setattr(governed, "MAX_DECLINED", 4)
    assert governed.report(tenant, "cy", agent_id="agent", days=7).topics_since == week.by_day[-2][0]


def test_people_are_pseudonyms_until_the_policy_names_them(tenant):
    hidden = governed.report(tenant, "cy")
    names = [one.name for one in hidden.askers]
    assert names == [one.name for one in governed.report(tenant, "dee").askers]
    assert all(name.startswith("person ") and len(name) == 15 for name in names)
    assert not {"Bo", "bo"} & set(" ".join(names).split())
    assert "Xaver" not in str(hidden)
    assert "Yolanda" not in str(hidden).title()
    keep(tenant.store, Policy(is_naming_people=True))
    told = governed.report(tenant, "cy")
    assert [(one.name, one.questions) for one in told.askers] == [("Bo", 3), ("Ana", 1), ("Dee", 1)]
    assert "Who is Yolanda?" in [one.example for one in told.topics]


def test_exports_hold_every_day_and_everybody(tenant):
    days = list(csv.DictReader(governed.daily_lines(tenant, 30)))
    assert [(row["agent"], row["release"], row["questions"], row["people"]) for row in days] == [
        ("Travel", "release 1", "1", "1"),
        ("Travel", "release 1", "3", "2"),
        ("Other", "release 1", "1", "1"),
    ]
    assert days[0]["mean_seconds"] == "1.50"
    people = list(csv.DictReader(governed.people_lines(tenant, 7)))
    assert sorted(row["questions"] for row in people) == ["1", "1", "3"]
    assert not any(row["person"] in {"Bo", "bo"} for row in people)


def test_people_export_what_they_may_look_at(tenant):
    def agents(actor_id, **of):
        return {row["agent"] for row in csv.DictReader(governed.export(tenant, actor_id, days=30, **of))}

    for of_people in (False, True):
        assert agents("cy", of_people=of_people) == {"Travel", "Other"}
        assert agents("cy", of_people=of_people, agent_id="other") == {"Other"}
        assert agents("ana", of_people=of_people) == {"Travel"}
        for actor_id, agent_id in (("bo", ""), ("bo", "agent"), ("ana", "other"), ("gus", "")):
            with pytest.raises(NotAllowed, match="Only the agent's owner or an admin"):
                governed.export(tenant, actor_id, of_people=of_people, agent_id=agent_id)
    (asker, *_rest) = csv.DictReader(governed.export(tenant, "cy", of_people=True))
    assert asker["person"].startswith("person ")


def test_the_largest_lines_are_told_day_by_day(tenant):
    (travel, other) = governed.report(tenant, "cy", days=30).lines
    assert [use.questions for use in travel.by_day] == [*([0] * 19), 1, *([0] * 9), 3]
    assert together(travel.by_day) == travel.use
    assert together(other.by_day) == other.use
    (release,) = governed.report(tenant, "ana", agent_id="agent", days=30).lines
    assert release.by_day == travel.by_day


def test_questions_are_grouped_by_their_most_telling_words():
    asked = [
        Declined(question=question, person_id=person_id, day=date(2026, 1, 1 + number))
        for number, (person_id, question) in enumerate(
            (
                ("a", "How many days of parental leave do I get?"),
                ("b", "Is parental leave paid?"),
                ("b", "Who pays for parental leave of Xaver?"),
                ("c", "What do visas cost?"),
                ("d", "what do visas cost"),
                ("d", "What is Yolanda's salary?"),
                ("d", "Why is Yolanda's salary so high?"),
            )
        )
    ]
    found = topics(asked, names_people=False, limit=5)
    assert [(list(one.words), one.questions, one.people, one.example) for one in found] == [
        (["leave", "parental"], 3, 2, ""),
        (["cost", "visas"], 2, 2, "What do visas cost?"),
    ]
    assert [[day.day for day in one.asked_on] for one in found] == [[1, 2, 3], [4, 5]]
    named = topics(asked, names_people=True, limit=5)
    assert {one.people for one in named} == {1, 2}
    assert "Yolanda" in str([one.example for one in named])
