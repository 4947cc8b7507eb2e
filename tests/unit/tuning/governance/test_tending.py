from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.factories import keep, make_agent, make_document, make_release, make_run, make_source
from tuning.domain.agents import AgentState, Retraining
from tuning.domain.audit import Tag
from tuning.domain.datasets import Dataset
from tuning.domain.documents import SourceKind
from tuning.domain.errors import InvalidFields, InvalidInput, NotAllowed, WrongState
from tuning.domain.fields import now
from tuning.domain.notices import NoticeKind
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import agents as governed
from tuning.governance import tending
from tuning.releases import publishing
from tuning.store import agents, audit, conversations, notices


@pytest.fixture(autouse=True)
def live(tenant):
    keep(
        tenant.store,
        make_source(),
        make_agent(live_release_id="release", retraining=Retraining.WEEKLY),
        make_run(state=RunState.READY),
        make_release(state=ReleaseState.LIVE),
    )


def stored(tenant):
    with tenant.store.reading() as session:
        return agents.get(session, "agent")


def last_event(tenant):
    with tenant.store.reading() as session:
        return audit.events(session, "agent")[-1]


def change(tenant, **values):
    with tenant.store.transaction() as session:
        agent = agents.get(session, "agent")
        for key, value in values.items():
            setattr(agent, key, value)
        session.add(agent)


def test_a_paused_agent_is_nobodys_to_pick_until_it_is_resumed(tenant):
    agent = tending.pause(tenant, "ana", "agent")
    assert agent.state(is_tuning=True) == AgentState.PAUSED
    assert (governed.available(tenant, "bo"), last_event(tenant).tag) == ([], Tag.AGENT_PAUSED)
    with pytest.raises(WrongState, match="paused already"):
        tending.pause(tenant, "ana", "agent")
    tending.resume(tenant, "ana", "agent")
    assert ([one.id for one in governed.available(tenant, "bo")], last_event(tenant).tag) == (
        ["agent"],
        Tag.AGENT_RESUMED,
    )
    with pytest.raises(WrongState, match="not paused"):
        tending.resume(tenant, "ana", "agent")


def test_what_answers_nobody_is_not_paused(tenant):
    change(tenant, live_release_id=None)
    with pytest.raises(WrongState, match="no live release"):
        tending.pause(tenant, "ana", "agent")


@pytest.mark.parametrize("who", ["bo", "cy", "stranger"])
def test_only_the_owner_pauses_resumes_and_says_when_to_retrain(tenant, who):
    for act in (
        lambda: tending.pause(tenant, who, "agent"),
        lambda: tending.resume(tenant, who, "agent"),
        lambda: tending.retrain_when(tenant, who, "agent", "weekly", {}),
    ):
        with pytest.raises(NotAllowed):
            act()
        assert (last_event(tenant).tag, last_event(tenant).actor_id) == (Tag.ACCESS_REFUSED, who)


def test_when_to_retrain_is_kept_and_what_cannot_be_used_is_not(tenant):
    change(tenant, retraining_held="Tuning is off.")
    tending.retrain_when(tenant, "ana", "agent", "after", {"after": " 25 "})
    agent = stored(tenant)
    assert (agent.retraining, agent.retrain_after, agent.retraining_held) == (Retraining.AFTER, 25, "")
    assert last_event(tenant).detail == {"retraining": "after", "retrain_after": 25}
    for when, field, text in (
        ("after", "after", "many"),
        ("after", "after", "0"),
        ("after", "after", "1001"),
        ("daily", "at", "at noon"),
        ("weekly", "weekday", "8"),
        ("monthly", "day", "29"),
        ("hourly", "after", "5"),
    ):
        with pytest.raises(InvalidFields) as refused:
            tending.retrain_when(tenant, "ana", "agent", when, {field: text})
        assert refused.value.problems.keys() == {"when" if when == "hourly" else field}
    assert (stored(tenant).retraining, stored(tenant).retrain_after) == (Retraining.AFTER, 25)


def test_a_schedule_goes_by_the_clocks_where_its_owner_is(tenant):
    with tenant.store.transaction() as session:
        conversations.remember_chat(session, "ana", {"zone": "Europe/Berlin"})
    tending.retrain_when(tenant, "ana", "agent", "weekly", {"at": "21:30", "weekday": "5"})
    agent = stored(tenant)
    assert agent.retrain_next_at is not None
    due = agent.retrain_next_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert (due.isoweekday(), due.time()) == (5, time(21, 30))
    assert timedelta() < agent.retrain_next_at - now() <= timedelta(days=7, hours=1)
    detail = last_event(tenant).detail
    assert (detail["retrain_at"], detail["retrain_on"], detail["retrain_zone"]) == ("21:30:00", 5, "Europe/Berlin")
    tending.retrain_when(tenant, "ana", "agent", "never", {})
    assert stored(tenant).retrain_next_at is None


def test_what_was_due_while_an_agent_rested_is_not_made_up_for(tenant):
    change(tenant, retraining=Retraining.DAILY, retrain_next_at=now() - timedelta(days=3))
    tending.pause(tenant, "ana", "agent")
    tending.resume(tenant, "ana", "agent")
    agent = stored(tenant)
    assert agent.retrain_next_at is not None
    assert agent.retrain_next_at > now()


def test_a_new_owner_reads_it_and_nothing_starts_on_their_behalf_unasked(tenant):
    tending.hand_over(tenant, "ana", "agent", "bo")
    agent = stored(tenant)
    assert (agent.owner_id, agent.former_owner_ids, agent.retraining) == ("bo", ["ana"], Retraining.NEVER)
    assert last_event(tenant).detail == {"owner": "bo", "owner_before": "ana"}
    with tenant.store.transaction() as session:
        (notice,) = notices.due(session, agent.created_at.replace(year=2100))
    assert (notice.kind, notice.person_id) == (NoticeKind.AGENT_HANDED_OVER, "bo")
    with pytest.raises(NotAllowed):
        tending.pause(tenant, "ana", "agent")


def test_an_admin_hands_over_what_somebody_left_behind_and_both_read_it(tenant):
    tending.hand_over(tenant, "dee", "agent", "bo")
    with tenant.store.transaction() as session:
        found = notices.due(session, stored(tenant).created_at.replace(year=2100))
    assert {one.person_id for one in found} == {"ana", "bo"}


@pytest.mark.parametrize("owner", ["cy", "dee"])
def test_neither_a_new_owner_nor_one_before_decides_on_it(tenant, owner):
    keep(tenant.store, make_run(id="next", state=RunState.READY))
    keep(tenant.store, make_release(id="next", run_id="next", number=2, state=ReleaseState.SUBMITTED))
    tending.hand_over(tenant, "ana", "agent", owner)
    with pytest.raises(NotAllowed, match="is or was their own"):
        publishing.approve(tenant, owner, "next")
    tending.hand_over(tenant, owner, "agent", "bo")
    with pytest.raises(NotAllowed, match="is or was their own"):
        publishing.approve(tenant, owner, "next")
    (other,) = {"cy", "dee"} - {owner}
    publishing.approve(tenant, other, "next")


def test_who_gets_it_back_is_no_former_owner_but_stays_out_of_decisions(tenant):
    tending.hand_over(tenant, "ana", "agent", "cy")
    tending.hand_over(tenant, "cy", "agent", "ana")
    agent = stored(tenant)
    assert (agent.owner_id, agent.former_owner_ids, agent.owners) == ("ana", ["cy"], {"ana", "cy"})


def test_without_an_admin_who_never_owned_it_nothing_is_submitted(tenant):
    keep(tenant.store, make_run(id="next", state=RunState.READY))
    keep(tenant.store, make_release(id="next", run_id="next", number=2))
    tending.hand_over(tenant, "ana", "agent", "cy")
    tending.hand_over(tenant, "cy", "agent", "dee")
    with pytest.raises(WrongState, match="no other admin"):
        publishing.submit(tenant, "dee", "next")


@pytest.mark.parametrize(
    ("rows", "heir", "sentence"),
    [
        ([], "gus", "Gus may not make agents"),
        ([Policy(is_tuning_on=False)], "bo", "switched off"),
        ([Policy(agents_per_owner=1), make_agent(id="o", name="O", owner_id="bo")], "bo", "as one may own .1."),
        ([make_agent(id="other", name="travel", owner_id="bo")], "bo", "has an agent called 'Travel' already"),
        ([make_run(id="next", state=RunState.QUEUED)], "bo", "is being tuned"),
        (
            [make_document("Bonus", ["ana"]), Dataset(id="d", agent_id="agent", document_hashes={"bonus": "f" * 64})],
            "bo",
            "may not read 1 of the documents .* such as 'Bonus'",
        ),
    ],
)
def test_it_changes_hands_only_where_that_is_sound(tenant, rows, heir, sentence):
    keep(tenant.store, *(type(row)(**row.model_dump()) for row in rows))
    with pytest.raises(WrongState, match=sentence):
        tending.hand_over(tenant, "ana", "agent", heir)
    assert (stored(tenant).owner_id, last_event(tenant).tag) == ("ana", Tag.ACT_REFUSED)


def test_files_that_the_owner_uploaded_stay_with_the_owner(tenant):
    keep(tenant.store, make_source(id="mine", kind=SourceKind.UPLOAD, location="ana"))
    change(tenant, source_ids=["source", "mine"])
    with pytest.raises(WrongState, match="take these out first"):
        tending.hand_over(tenant, "ana", "agent", "bo")


@pytest.mark.parametrize("heir", ["ana", "nobody"])
def test_there_must_be_somebody_else_to_hand_it_to(tenant, heir):
    with pytest.raises(InvalidInput):
        tending.hand_over(tenant, "ana", "agent", heir)


@pytest.mark.parametrize("who", ["bo", "gus", "stranger"])
def test_nobody_takes_an_agent(tenant, who):
    with pytest.raises(NotAllowed):
        tending.hand_over(tenant, who, "agent", who)
    assert stored(tenant).owner_id == "ana"
