"""Pilots, two words, history and evidence as admins, data owners and owners meet them in chat."""

import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from sqlmodel import select

from bot import notices, views
from bot.card_actions import releases
from bot.card_actions.press import Press
from bot.commands.approvals import APPROVALS
from bot.commands.approve import APPROVE
from bot.commands.consent import CONSENT
from bot.commands.evidence import EVIDENCE
from bot.commands.pilot import PILOT
from bot.commands.releases import RELEASES
from bot.commands.report import REPORT
from bot.commands.retire import RETIRE
from bot.identity import principals
from bot.loopback import default_inputs, find_action, texts
from bot.presses import Presses
from bot.turn import FileOffer, Scope
from tests.factories import keep, make_agent, make_release, make_run, make_tenant
from tests.fakes.people import FakePeople
from tests.fakes.turn import FakeTurn
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.evaluations import Evaluation
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.policy import Policy
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.governance.agents import available
from tuning.releases import publishing
from tuning.releases.evidence_check import objections
from tuning.store import drafts
from tuning.store import releases as stored


@pytest.fixture
def tenant(store, tmp_path):
    """Bo is a data owner besides the admins Cy and Dee; Ana's release is a candidate."""
    tenant = replace(make_tenant(store, tmp_path), audit_anchor=tmp_path / "anchors.jsonl")
    keep(
        store,
        Policy(data_owner_ids=["bo"]),
        make_agent(),
        make_run(state=RunState.READY),
        make_release(),
    )
    return tenant


def state(tenant):
    with tenant.store.reading() as session:
        release = stored.get(session, "release")
    return release.state, release.pilot


def press(person_id, **data):
    return Press(person_id=person_id, chat_id="chat", data={"release_id": "release", **data})


def titles(card):
    found = []
    for title in ("Approve", "Agree as data owner", "Reject"):
        try:
            find_action(card, title)
        except LookupError:
            continue
        found.append(title)
    return found


def shown(turn):
    return " ".join(texts(turn.sent[-1].card))


def test_an_owner_proposes_a_pilot_by_name_and_the_admins_card_offers_it(tenant):
    with pytest.raises(InvalidInput, match="No group and no person here is called 'nobody'"):
        releases.submit(tenant, press("ana", pilot="nobody"))
    with pytest.raises(InvalidInput, match="fits several"):
        releases.submit(tenant, press("ana", pilot="e"))
    releases.submit(tenant, press("ana", note="Please.", pilot="Leads, Bo"))
    assert state(tenant) == (ReleaseState.SUBMITTED, ["leads", "bo"])
    card = views.approval(tenant, "cy", "release")
    assert "'value': 'Leads; Bo'" in str(card)
    assert "'value': 'pilot'" in str(card)


def test_a_pilot_that_was_proposed_gets_it_whatever_its_people_are_called(tenant):
    groups = {"admins": ["cy"], "staff": ["ana", "bo", "cy", "dee"]}
    people = FakePeople(["ana", "bo", "cy", "dee"], groups, names={"bo": "Dee, Ana"})
    tenant = replace(tenant, people=people)
    releases.submit(tenant, press("ana", pilot="Dee, Ana"))
    assert state(tenant) == (ReleaseState.SUBMITTED, ["bo"])
    typed = default_inputs(views.approval(tenant, "cy", "release"))
    releases.approve(tenant, press("cy", **typed))
    assert state(tenant)[1] == ["bo"]
    assert principals(tenant, "Dee, Ana; cy") == ["bo", "cy"]


def test_a_pilot_that_was_named_and_not_chosen_is_not_passed_over(tenant):
    releases.submit(tenant, press("ana"))
    with pytest.raises(InvalidInput, match="You named a pilot, but it would not get it first"):
        releases.approve(tenant, press("cy", share="all", pilot="bo"))
    assert state(tenant) == (ReleaseState.SUBMITTED, [])


def test_nobody_searches_the_directory_with_the_fields_of_a_pilot(tenant):
    for act, who in ((releases.submit, "bo"), (releases.approve, "ana")):
        with pytest.raises(NotAllowed):
            act(tenant, press(who, share="pilot", pilot="nobody"))


def test_an_owner_takes_a_submission_back_and_the_admins_cards_say_so(tenant):
    submitted = releases.submit(tenant, press("ana")).card or {}
    assert find_action(submitted, "Take back")["data"] == {"release_id": "release"}
    assert "Look at release 1" in str(views.my_agents(tenant, "ana"))
    card = str(releases.withdraw(tenant, press("ana")).card)
    assert "Only you can see it." in card
    assert "Take back" not in card
    assert "'title': 'Submit'" in card
    for kind, who in ((NoticeKind.RELEASE_SUBMITTED, "cy"), (NoticeKind.RELEASE_CONSENT_ASKED, "bo")):
        told = notices.message(tenant, Notice(kind=kind, person_id=who, subject_id="release"))
        assert told
        assert "It has been taken back: there is nothing to decide." in str(told.card)
        assert titles(told.card) == []
    with pytest.raises(WrongState, match="isn't submitted"):
        releases.open_case(tenant, press("cy"))


async def test_a_first_pilot_that_is_retired_is_told_to_be_its_owners_to_submit_again(tenant):
    with tenant.store.transaction() as session:
        session.merge(Policy(data_owner_ids=[]))
    publishing.submit(tenant, "ana", "release")
    releases.approve(tenant, press("cy", share="pilot", pilot="Leads"))
    turn = FakeTurn(person_id="cy")
    await RETIRE.run(tenant, turn, "Travel")
    said = "Cy retired it. It doesn't answer any more, and its owner can submit it again."
    assert said in shown(turn)
    news = notices.message(tenant, Notice(kind=NoticeKind.RELEASE_RETIRED, person_id="ana", subject_id="release"))
    assert news
    assert said in str(news.card)
    # What waited for the end of the owner's quiet hours would say that it is live.
    late = Notice(kind=NoticeKind.RELEASE_APPROVED, person_id="ana", subject_id="release")
    assert notices.message(tenant, late) is None
    publishing.submit(tenant, "ana", "release")
    news = notices.message(tenant, Notice(kind=NoticeKind.RELEASE_RETIRED, person_id="ana", subject_id="release"))
    assert news
    assert "It is submitted now. Cy decided on it last." in str(news.card)


def test_each_reads_the_buttons_that_are_theirs_and_whose_word_there_is(tenant):
    publishing.submit(tenant, "ana", "release")
    assert titles(views.approval(tenant, "cy", "release")) == ["Approve", "Reject"]
    assert titles(views.approval(tenant, "bo", "release")) == ["Agree as data owner", "Reject"]
    card = releases.approve(tenant, press("cy", share="pilot", pilot="Leads")).card
    assert "waits for a data owner" in str(card)
    assert "Cy approved it. It waits for a data owner" in str(views.approval(tenant, "dee", "release"))
    case = views.approval(tenant, "bo", "release")
    assert "'title': 'Approved by', 'value': 'Cy'" in str(case)
    assert titles(case) == ["Agree as data owner", "Reject"]
    assert "Bo agreed to it as a data owner. Its pilot gets it now: Leads" in str(
        releases.consent(tenant, press("bo")).card
    )
    assert state(tenant) == (ReleaseState.PILOT, ["leads"])
    news = notices.message(tenant, Notice(kind=NoticeKind.RELEASE_APPROVED, person_id="ana", subject_id="release"))
    assert news
    assert "Cy approved it. Its pilot gets it now." in str(news.card)


async def test_by_commands_a_pilot_begins_grows_and_ends_with_all(tenant):
    publishing.submit(tenant, "ana", "release")
    turn, data_owner = FakeTurn(person_id="cy"), FakeTurn(person_id="bo")
    await APPROVALS.run(tenant, data_owner, "")
    assert "may it go live?" in shown(data_owner)
    await CONSENT.run(tenant, data_owner, "RELEASE Fine.")
    assert "It waits for an admin" in shown(data_owner)
    await APPROVE.run(tenant, turn, "release pilot Dee")
    assert "Its pilot gets it now: Dee" in shown(turn)
    assert "Nobody has asked it yet" in shown(turn)
    assert [bool(available(tenant, who)) for who in ("dee", "bo")] == [True, False]
    await PILOT.run(tenant, turn, "agent Bo")
    assert "Dee, Bo" in shown(turn)
    await PILOT.run(tenant, turn, "Travel")
    assert "Dee, Bo" in shown(turn)
    await PILOT.run(tenant, turn, "agent all")
    assert state(tenant)[0] == ReleaseState.LIVE
    for rest in ("", "agent nobody"):
        with pytest.raises(InvalidInput):
            await PILOT.run(tenant, turn, rest)


@pytest.mark.parametrize(
    ("text", "is_command"),
    [
        ("Travel", True),
        ("Travel Leads", True),
        ("Travel all", True),
        ("Travel by plane: what does a pilot earn?", False),
        ("training: who pays?", False),
    ],
)
def test_what_people_ask_about_other_pilots_is_a_question(tenant, text, is_command):
    assert PILOT.is_meant(tenant, "cy", text) == is_command


async def test_every_release_is_shown_with_what_was_decided_and_proven(tenant):
    keep(tenant.store, *(make_run(id=f"run{number}", state=RunState.READY) for number in range(2, 6)))
    keep(tenant.store, *(make_release(id=f"r{number}", run_id=f"run{number}", number=number) for number in range(2, 6)))
    publishing.submit(tenant, "ana", "r5")
    publishing.reject(tenant, "cy", "r5", "Too thin.")
    owner, admin = FakeTurn(person_id="ana"), FakeTurn(person_id="cy")
    await EVIDENCE.run(tenant, admin, "r5")
    await RELEASES.run(tenant, owner, "Travel")
    newest = str(owner.sent[-1].card)
    assert "Cy has rejected it: Too thin." in newest
    assert [f"release {number}" in newest for number in (5, 4, 3, 2)] == [True, True, True, False]
    with tenant.store.reading() as session:
        offered = session.exec(select(Draft)).one()
    assert "not written yet" in newest
    older = releases.history(tenant, Press(person_id="cy", chat_id="c", data={"agent_id": "agent", "number": 1})).card
    assert "release 2" in str(older)
    assert offered.release_id == "r5"
    with pytest.raises(InvalidInput):
        await RELEASES.run(tenant, owner, "")


async def test_the_report_is_a_file_that_the_owner_alone_is_offered(tenant, tmp_path):
    report = tmp_path / "report.html"
    report.write_text("<h1>Scores</h1>")
    keep(tenant.store, Evaluation(run_id="run", report_path=str(report)))
    turn = FakeTurn("report release", person_id="ana", chat_id="chat")
    await REPORT.run(tenant, turn, "release")
    offer = turn.sent[0].file
    assert isinstance(offer, FileOffer)
    assert offer.name == "report-agent-1.html"
    with tenant.store.reading() as session:
        kept = drafts.get(session, offer.draft_id)
    assert (kept.content, kept.person_id) == (b"<h1>Scores</h1>", "ana")
    with pytest.raises(NotAllowed):
        await REPORT.run(tenant, FakeTurn("report release", person_id="cy", chat_id="chat"), "release")
    report.unlink()
    with pytest.raises(WrongState, match="There is no report on it"):
        await REPORT.run(tenant, turn, "release")


async def test_the_evaluation_s_button_offers_the_report_in_personal_chat_only(tenant, tmp_path):
    report = tmp_path / "report.html"
    report.write_text("<h1>Scores</h1>")
    keep(tenant.store, Evaluation(run_id="run", report_path=str(report)))
    button = find_action(releases.show(tenant, press("ana")).card, "Full report")
    turn, presses = FakeTurn(person_id="ana", chat_id="chat"), Presses(tenant)
    outcome = await presses.press(turn, button["verb"], button["data"])
    assert find_action(outcome.card, "Full report")
    offer = turn.sent[0].file
    assert isinstance(offer, FileOffer)
    with tenant.store.reading() as session:
        assert drafts.get(session, offer.draft_id).activity_id == "out1"
    room = FakeTurn(person_id="ana", chat_id="room", scope=Scope.GROUP)
    assert "personal chat only" in (await presses.press(room, button["verb"], button["data"])).sentence
    other = FakeTurn(person_id="cy", chat_id="chat")
    assert "Only the owner" in (await presses.press(other, button["verb"], button["data"])).sentence
    assert not room.sent + other.sent


async def test_the_evidence_is_a_file_that_an_admin_is_offered_and_that_verifies(tenant, tmp_path):
    publishing.submit(tenant, "ana", "release")
    turn = FakeTurn(person_id="cy")
    for _ in range(2):
        await EVIDENCE.run(tenant, turn, "release")
    offer = turn.sent[-1].file
    assert isinstance(offer, FileOffer)
    assert offer.name == "evidence-agent-1.zip"
    with tenant.store.reading() as session:
        draft = drafts.get(session, offer.draft_id)
        assert len(session.exec(select(Draft)).all()) == 1
    (tmp_path / "pack.zip").write_bytes(draft.content)
    assert objections(tmp_path / "pack.zip") == []
    assert "audit.jsonl" in zipfile.ZipFile(BytesIO(draft.content)).namelist()
    for who, scope, refusal in (("ana", Scope.PERSONAL, NotAllowed), ("cy", Scope.GROUP, InvalidInput)):
        with pytest.raises(refusal):
            await EVIDENCE.run(tenant, FakeTurn(person_id=who, scope=scope), "release")


def test_a_release_on_trial_is_talked_to_in_personal_chat_only(tenant):
    data = {"release_id": "release"}
    with pytest.raises(InvalidInput, match="personal chat"):
        releases.try_out(tenant, Press(person_id="ana", chat_id="room", scope=Scope.GROUP, data=data))
    assert "only you can see" in releases.try_out(tenant, Press(person_id="ana", chat_id="chat", data=data)).sentence
