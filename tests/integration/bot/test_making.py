"""Owners and admins in chat: an agent is made, tuned, measured, submitted and decided on, card by card."""

import asyncio

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from bot.loopback import default_inputs, find_action, texts
from tests.factories import keep, make_agent, make_release, make_run
from tuning.domain.agents import Agent
from tuning.domain.datasets import Dataset
from tuning.domain.evaluations import Evaluation
from tuning.domain.jobs import JobKind
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import Run, RunState, Stage
from tuning.releases import candidates
from tuning.store import Store, agents, jobs, notices, runs

SCORE = {"mean": 0.8, "low": 0.7, "high": 0.9, "n": 80}


def shows(button):
    def wanted(sent):
        try:
            return bool(find_action(sent.card, button))
        except LookupError:
            return False

    return wanted


async def make(ana):
    """Go through the wizard up to the review."""
    form = (await ana.say("create agent")).card
    form = await ana.press(form, "Next", name="Trains", task="questions", description="Trips by rail.")
    form = await ana.press(
        form,
        "Next",
        about_data="Policies",
        about_organisation="By topic",
        instructions="Be brief.",
        starters="May I fly?\n\nWho pays?",
        criteria="critical: cites a passage\nat most 60 words",
        holdout="How long by rail? | Up to 600 km.\nIs there a helicopter? |",
    )
    form = await ana.press(form, "Next", sources="source")
    return await ana.press(form, "Next", audience="staff")


def agent_of(tenant, name="Trains") -> Agent:
    with tenant.store.reading() as session:
        return next(agent for agent in agents.owned_by(session, "ana") if agent.name == name)


def open_run(tenant) -> Run:
    with tenant.store.reading() as session:
        run = runs.open_run(session, agent_of(tenant).id)
    assert run is not None
    return run


async def start(ana, tenant):
    await ana.press(await make(ana), "Start tuning")
    card = await ana.wait(shows("Cancel"))
    async with asyncio.timeout(60):
        while not open_run(tenant).card_activity_id:  # noqa: ASYNC110 - the store knows no events
            await asyncio.sleep(0.05)
    return card


def change(tenant, **values):
    run = open_run(tenant)
    with tenant.store.transaction() as session:
        stored = runs.get_for_update(session, run.id)
        for key, value in values.items():
            setattr(stored, key, value)
        session.add(stored)
    return run


def finish(tenant):
    """Do what the worker does at the end of a run."""
    run = open_run(tenant)
    dataset = Dataset(agent_id=run.agent_id, sha256="d" * 64, counts={"train/list": 40}, document_hashes={"rail": "x"})
    measured = Evaluation(run_id=run.id, scores={"base": {"exact_match": SCORE}, "tuned": {"exact_match": SCORE}})
    keep(tenant.store, dataset, measured)
    change(tenant, dataset_id=dataset.id)
    files = {"adapter_path": tenant.artifacts / "a.gguf", "peft_path": tenant.artifacts / "a"}
    return candidates.create(tenant, run, sha256="a" * 64, base_sha256="b" * 64, **files)


async def test_the_wizard_makes_an_agent_and_shows_what_it_learns_from(chat, tenant):
    ana = chat("ana")
    review = await make(ana)
    assert find_action(review, "Start tuning")
    said = str(review)
    assert "1 of 2 documents" in said
    assert "A document that you may not read: Not readable by Staff" in said
    agent = agent_of(tenant)
    assert (agent.starters, agent.audience, agent.source_ids) == (["May I fly?", "Who pays?"], ["staff"], ["source"])
    assert [(one["rule"], one["is_critical"]) for one in agent.criteria] == [("cites", True), ("most_words", False)]
    with tenant.store.reading() as session:
        asked = [(one.question, one.answer) for one in agents.holdout(session, agent.id)]
    assert asked == [("How long by rail?", "Up to 600 km."), ("Is there a helicopter?", None)]


def below(card, field):
    """Return what stands directly below a field."""
    ids = [element.get("id") for element in card["body"]]
    return card["body"][ids.index(field) + 1].get("text", "")


async def test_a_problem_is_shown_below_its_field_with_what_was_typed(chat):
    ana = chat("ana")
    form = (await ana.say("create agent")).card
    typed = {"name": "Travel", "task": "summary", "icon": "✈️", "description": "x" * 301}
    again = await ana.press(form, "Next", **typed)
    assert "✗ You already have an agent called 'Travel'" in below(again, "name")
    assert "✗ The description may have at most 300 characters" in below(again, "description")
    assert default_inputs(again) == typed


async def test_an_agent_is_shown_with_the_icon_that_its_owner_chose(chat, tenant):
    ana = chat("ana")
    form = (await ana.say("create agent")).card
    assert default_inputs(form)["icon"] == "none"
    again = await ana.press(form, "Next", name="Rail", task="questions", icon="🚀")
    assert "✗ Choose one of the icons, or none." in below(again, "icon")
    await ana.press(form, "Next", name="Rail", task="questions", icon="✈️")
    with tenant.store.reading() as session:
        agent = next(one for one in agents.owned_by(session, "ana") if one.name == "Rail")
    assert agent.icon == "✈️"
    listed = await ana.say("my agents", wanted=lambda sent: sent.card is not None)
    assert any(text.startswith("✈️ **Rail**") for text in texts(listed.card))


async def test_a_source_and_an_audience_that_are_gone_are_said_below_their_fields(chat, tenant):
    ana = chat("ana")
    review = await make(ana)
    again = await ana.press(await ana.press(review, "Sources"), "Next", sources="gone2345")
    assert below(again, "sources") == "✗ One of the sources is not there any more. Choose again."
    again = await ana.press(await ana.press(review, "Audience"), "Next", audience="gone2345")
    assert (
        below(again, "audience") == "✗ Somebody in the audience is not in the organisation's directory. Choose again."
    )
    assert (agent_of(tenant).source_ids, agent_of(tenant).audience) == (["source"], ["staff"])


async def test_a_criterion_that_is_none_is_refused_with_all_that_was_typed(chat, tenant):
    ana = chat("ana")
    form = (await ana.say("create agent")).card
    form = await ana.press(form, "Next", name="Trains", task="questions", description="Trips by rail.")
    typed = {
        "about_data": "Policies",
        "about_organisation": "By topic",
        "instructions": "Be brief.",
        "starters": "May I fly?",
        "criteria": "at most 60 words\nis friendly",
        "holdout": "How long by rail? | Up to 600 km.",
    }
    again = await ana.press(form, "Next", **typed)
    assert "✗ Line 2 of the criteria can't be used" in below(again, "criteria")
    assert default_inputs(again) == typed
    typed = {**typed, "about_data": "", "starters": "\n".join("1234567"), "criteria": ""}
    again = await ana.press(again, "Next", **typed)
    assert "✗ Please fill in: What do the documents contain?" in below(again, "about_data")
    assert "✗ An agent shows at most 6 starters" in below(again, "starters")
    assert default_inputs(again) == typed
    assert agent_of(tenant).instructions == ""


async def test_every_step_can_be_opened_again_and_a_change_says_whether_it_takes_a_run(chat, tenant):
    ana = chat("ana")
    review = await make(ana)
    form = await ana.press(await ana.press(review, "Instructions"), "Back")
    first = {"name": "Trains", "task": "questions", "icon": "none", "description": "Trips by rail."}
    assert default_inputs(form) == first
    keep(tenant.store, make_agent(id="second", name="Second", owner_id="ana"))
    wrong = await ana.press(form, "Next", name="Second", task="summary")
    assert default_inputs(wrong) == {**first, "name": "Second", "task": "summary"}
    review = await ana.press(form, "Next", description="All trips by rail.")
    assert "✓ Saved." in texts(review)
    with tenant.store.transaction() as session:
        agent = agents.get_for_update(session, agent_of(tenant).id)
        run = make_run(id="made", agent_id=agent.id, state=RunState.READY, dataset_id="dataset")
        release = make_release(id="one", run_id="made", agent_id=agent.id, state=ReleaseState.LIVE)
        agent.live_release_id = release.id
        session.add_all([agent, run, release])
        session.add(Dataset(id="dataset", agent_id=agent.id, sha256="d", document_hashes={"rail": "x"}))
    form = await ana.press(review, "Name")
    assert "Answers questions about documents: that stays, because it was tuned for it." in texts(form)
    review = await ana.press(form, "Next", name="Rails")
    assert "✓ Saved. It counts at once." in texts(review)
    review = await ana.press(await ana.press(review, "Audience"), "Next", audience="leads")
    assert "✓ Saved. It counts in full only after a new run: see below." in texts(review)
    assert "Audience: release 1 goes on answering 'Staff'; the next one answers 'Leads'." in str(review)
    assert "It takes a new run" in str(review)
    assert "Tuning has started" in str(await ana.press(review, "Retrain now"))


async def test_the_progress_card_is_updated_in_place(chat, tenant):
    ana = chat("ana")
    card = await start(ana, tenant)
    change(tenant, state=RunState.RUNNING, stage=Stage.TRAINING, progress=0.4, seconds_left=75.0)
    updated = await ana.wait(lambda sent: "40 %" in str(sent.card))
    assert updated.id == card.id
    assert "4 of 6 · Tuning · 40 % · about 75 s left" in texts(updated.card)


async def test_a_run_can_be_cancelled_once(chat, tenant):
    ana = chat("ana")
    card = (await start(ana, tenant)).card
    assert "Cancelled" in str(await ana.press(card, "Cancel"))
    assert await ana.press(card, "Cancel") == "The run is already cancelled: there is nothing to cancel."


async def test_a_candidate_is_tried_submitted_and_approved(chat, tenant, engine):
    ana, cy, bo = chat("ana"), chat("cy"), chat("bo")
    await cy.say("help")
    await start(ana, tenant)
    release = finish(tenant)
    ready = await ana.wait(shows("Try it"))
    assert "80 % (70 to 90)" in str(ready.card)
    assert "only you can see" in await ana.press(ready.card, "Try it")
    tried = await ana.say("May I fly?", wanted=lambda sent: "\n\n_" in sent.text)
    assert "release 1 on trial" in tried.text
    assert engine.asked[-1]["model"] == release.id
    assert "Trains" not in str((await bo.say("agents")).card)
    submitted = await ana.press(ready.card, "Submit", note="Please.")
    assert "Submitted: an admin decides." in str(submitted)
    case = await cy.wait(shows("Approve"))
    assert "✓ Cy approved it" in str(await cy.press(case.card, "Approve"))
    assert find_action((await bo.say("agents")).card, "Ask Trains")
    assert "is live" in str((await ana.wait(shows("Ask it"))).card)
    stale = await cy.press(case.card, "Approve")
    assert stale == "Cy has already approved release 1."


async def test_a_rejection_reaches_the_owner_with_its_reason(chat, tenant):
    ana, cy = chat("ana"), chat("cy")
    await start(ana, tenant)
    release = finish(tenant)
    ready = await ana.wait(shows("Submit"))
    await ana.press(ready.card, "Submit")
    # The case itself comes to the admin too, in between: it had waited for their first word.
    await cy.say(f"reject {release.id}", wanted=lambda sent: "reads the reason" in sent.text)
    await cy.say(f"reject {release.id} Measure more questions.", wanted=lambda sent: "turned it down" in str(sent.card))
    assert await ana.wait(lambda sent: "Measure more questions." in str(sent.card))


async def test_a_failed_run_says_what_to_do_and_can_be_tried_again(chat, tenant):
    ana = chat("ana")
    await start(ana, tenant)
    run = open_run(tenant)
    with tenant.store.transaction() as session:
        failed = runs.get_for_update(session, run.id)
        failed.fail("out_of_memory", "It ran out of memory.", "Choose fewer sources.")
        session.add(failed)
        job = jobs.open_job(session, JobKind.RUN_TRAIN, run.id)
        assert job is not None
        job.finish("It ran out of memory.")
        notices.notify(session, NoticeKind.RUN_FAILED, ["ana"], run.id)
    card = (await ana.wait(shows("Try again"))).card
    assert "Choose fewer sources." in texts(card)
    await ana.press(card, "Try again")
    assert open_run(tenant).id != run.id


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"action": "press"},
        {"action": {"verb": "agent.unmake", "data": {}}},
        {"action": {"verb": "agent.pick"}},
        {"action": {"verb": "agent.pick", "data": []}},
        {"action": {"verb": "agent.pick", "data": {"agent_id": {"$ne": 1}}}},
        {"action": {"verb": "agent.pick", "data": {"agent_id": "gone2345"}}},
        {"action": {"verb": ["agent.pick"], "data": {}}},
        {"action": {"verb": "inbox.open", "data": {"agent_id": "agent", "number": "one"}}},
        {"action": {"verb": "starter.ask", "data": {"agent_id": "agent", "starter": "Who am I?"}}},
        {"action": {"verb": "wizard.create", "data": {"task": "world peace", "name": "x"}}},
        {"action": {"verb": "wizard.open", "data": {"agent_id": "agent", "step": "about"}}},
        {"action": {"verb": "release.approve", "data": {"release_id": "release"}}},
        {"action": {"verb": "run.cancel", "data": {"run_id": "run"}}},
        {"action": {"verb": "feedback.correct", "data": {"answer_id": "gone2345", "correction": "x"}}},
    ],
)
async def test_a_button_that_is_stale_foreign_or_malformed_gets_one_sentence(chat, teams, value):
    status, body = await teams.deliver(chat("bo")._activity("invoke", name="adaptiveCard/action", value=value))
    assert (status, body["type"]) == (200, "application/vnd.microsoft.activity.message")
    assert body["value"].count(".") <= 2


async def test_a_button_that_comes_as_a_message_does_the_same(chat, teams):
    bo = chat("bo")
    value = {"verb": "agent.pick", "agent_id": "agent"}
    await teams.deliver(bo._activity("message", value=value))
    assert "You are talking to Travel" in str((await bo.wait(lambda sent: sent.card is not None)).card)


async def test_an_unknown_invoke_is_answered_501(chat, teams):
    assert (await teams.deliver(chat("bo")._activity("invoke", name="composeExtension/query", value={})))[0] == 501


async def test_health(bot):
    async with aiohttp.ClientSession() as session, session.get(bot.make_url("/health")) as response:
        assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_without_its_store_the_bot_is_not_healthy(bot, tenant, monkeypatch):
    def fail(_store):
        raise OperationalError("SELECT 1", {}, ConnectionRefusedError())

    monkeypatch.setattr(Store, "reach", fail)
    async with aiohttp.ClientSession() as session, session.get(bot.make_url("/health")) as response:
        assert (response.status, await response.json()) == (503, {"status": "the store can't be reached"})
