"""Owners confirm the pairs that were found among their documents, in chat; nothing is learned from one before."""

import csv

import pytest

from bot.card_actions import pairs as buttons
from bot.card_actions import wizard as wizard_buttons
from bot.card_actions.press import Press
from tests.factories import keep, make_agent, make_run, make_source, make_tenant
from tests.fakes.inference import FakeInference
from tuning.datasets import finding
from tuning.datasets.builder import build
from tuning.documents.sync import sync
from tuning.domain.audit import Tag
from tuning.domain.errors import NotAllowed, TooFewExamples, WrongState
from tuning.domain.pairs import PairVerdict
from tuning.domain.prompts import Task
from tuning.domain.runs import RunState
from tuning.sources.folder import FolderReader
from tuning.store import audit, datasets, documents, pairs, runs

COUNT = 26


@pytest.fixture
def tenant(store, tmp_path):
    """Ana's agent for summaries of 26 reports, one of which only leads may read."""
    tenant = make_tenant(store, tmp_path)
    folder = tmp_path / "documents" / "travel"
    folder.mkdir(parents=True)
    (folder / ".access.json").write_text('{"read": ["organisation"], "files": {"report-03.md": {"read": ["leads"]}}}')
    for number in range(COUNT):
        (folder / f"report-{number:02}.md").write_text(
            f"# Report {number}\n\nPlant {number} stood still, *of all days*.\n"
        )
        (folder / f"summary-{number:02}.md").write_text(f"# Summary {number}\n\nPlant {number} stood still.\n")
    keep(store, make_source(), make_agent(task=Task.SUMMARY), make_run(state=RunState.RUNNING))
    sync(store, "source", FolderReader(tmp_path, "documents/travel"))
    return tenant


@pytest.fixture
def inference():
    return FakeInference()


def press(tenant, button, person_id="ana", **data):
    shown = button(tenant, Press(person_id=person_id, chat_id="chat", data={"agent_id": "agent", "number": 0, **data}))
    assert shown.card
    return str(shown.card)


def stored(tenant):
    with tenant.store.reading() as session:
        return list(pairs.of_agent(session, "agent"))


def built(tenant, inference):
    with tenant.store.reading() as session:
        run = runs.get(session, "run")
    dataset = build(tenant, run, inference, progress=lambda _share: None)
    with tenant.store.reading() as session:
        return list(datasets.examples(session, dataset.id))


def events(tenant, subject_id):
    with tenant.store.reading() as session:
        return [(it.tag, it.actor_id) for it in audit.events(session, subject_id)]


def test_pairs_are_found_shown_page_by_page_and_accepted_together(tenant):
    shown = press(tenant, buttons.find)
    assert "0 accepted, 25 to look at." in shown
    assert "Accept all 25 pairs" in shown
    assert "1 to 5 of 25" in shown
    assert "**Summary 0** is the summary of **Report 0**" in shown
    assert "Report 3*" not in press(tenant, buttons.open_page, number=0)
    assert "21 to 25 of 25" in press(tenant, buttons.open_page, number=4)

    shown = press(tenant, buttons.accept_all, shown=25)

    assert "25 accepted, 0 to look at." in shown
    assert "Accept" not in shown.replace("✓ Accepted", "")
    assert events(tenant, "agent")[-2:] == [(Tag.PAIRS_PROPOSED, "ana"), (Tag.PAIR_ACCEPTED, "ana")]


def test_nothing_is_learned_from_a_pair_before_it_is_accepted(tenant, inference):
    press(tenant, buttons.find)
    with pytest.raises(TooFewExamples, match=r"There are 0 usable pairs.*confirm those that 'Pairs'"):
        built(tenant, inference)

    rejected = stored(tenant)[4]
    press(tenant, buttons.reject, pair_id=rejected.id)
    press(tenant, buttons.accept_all, shown=24)
    examples = built(tenant, inference)

    assert len(examples) == 24
    assert {it.detail["target"] for it in examples} == {f"summary-{n:02}.md" for n in range(COUNT)} - {
        "summary-03.md",
        next(it.path for it in _documents(tenant) if it.id == rejected.target_id),
    }
    assert all(f"Plant {int(it.detail['precedent'][7:9])} stood still, *of" in str(it.messages) for it in examples)


def _documents(tenant):
    with tenant.store.reading() as session:
        return documents.of_source(session, "source")


def test_each_word_is_recorded_and_can_be_taken_back(tenant):
    press(tenant, buttons.find)
    first = stored(tenant)[0]
    assert "✓ Accepted" in press(tenant, buttons.accept, pair_id=first.id)
    assert "✗ Rejected" in press(tenant, buttons.reject, pair_id=first.id)
    assert (stored(tenant)[0].verdict, stored(tenant)[0].decided_by) == (PairVerdict.REJECTED, "ana")
    assert events(tenant, first.id) == [(Tag.PAIR_ACCEPTED, "ana"), (Tag.PAIR_REJECTED, "ana")]


def test_looking_again_keeps_what_was_said_and_proposes_nothing_twice(tenant):
    press(tenant, buttons.find)
    first, second, *_ = before = stored(tenant)
    press(tenant, buttons.accept, pair_id=first.id)
    press(tenant, buttons.reject, pair_id=second.id)

    press(tenant, buttons.find)

    after = stored(tenant)
    assert [it.id for it in after[:2]] == [first.id, second.id]
    assert len({(it.precedent_id, it.target_id) for it in after}) == len(after) == len(before)


def test_all_are_accepted_only_as_many_as_were_shown(tenant):
    press(tenant, buttons.find)
    assert "There are other pairs to look at by now" in press(tenant, buttons.accept_all, shown=20)
    assert not any(it.verdict for it in stored(tenant))


def test_a_source_with_a_mapping_names_its_own_pairs(tenant, inference):
    press(tenant, buttons.find)
    press(tenant, buttons.accept_all, shown=25)
    with (tenant.folder / "documents/travel/mapping.csv").open("w", newline="") as file:
        rows = [(f"report-{n:02}.md", f"summary-{n:02}.md") for n in range(5, COUNT)]
        csv.writer(file).writerows([("precedent", "target"), *rows])
    sync(tenant.store, "source", FolderReader(tenant.folder, "documents/travel"))

    assert len(built(tenant, inference)) == COUNT - 5
    assert "as mapping.csv names them" in press(tenant, wizard_buttons.open_step, step="review")
    press(tenant, buttons.find)
    assert not [it for it in stored(tenant) if it.verdict is None]


def test_the_last_step_of_the_wizard_leads_to_the_pairs(tenant):
    assert "pairs.find" in press(tenant, wizard_buttons.open_step, step="review")
    press(tenant, buttons.find)
    shown = press(tenant, wizard_buttons.open_step, step="review")
    assert "0 accepted, 25 to look at" in shown
    assert "pairs.open" in shown


def test_a_pair_of_a_document_that_is_shut_by_now_is_neither_shown_nor_accepted(tenant):
    press(tenant, buttons.find)
    first = stored(tenant)[0]
    with tenant.store.transaction() as session:
        shut = documents.get(session, first.target_id)
        shut.readers = ["leads"]
        documents.save(session, shut)

    assert "24 to look at" in press(tenant, buttons.open_page)
    with pytest.raises(WrongState, match="not for you to read"):
        press(tenant, buttons.accept, pair_id=first.id)
    press(tenant, buttons.accept_all, shown=24)
    assert stored(tenant)[0].verdict is None


def test_nobody_else_looks_for_pairs_or_decides_on_them(tenant):
    press(tenant, buttons.find)
    for button in (buttons.open_page, buttons.find, buttons.accept, buttons.reject, buttons.accept_all):
        with pytest.raises(NotAllowed):
            press(tenant, button, person_id="bo", pair_id=stored(tenant)[0].id, shown=25)


def test_others_write_while_pairs_are_looked_for(tenant, monkeypatch):
    def look(*_, **__):
        keep(tenant.store, make_agent(id="another", name="Hotels"))
        return []

    monkeypatch.setattr(finding, "propose", look)
    press(tenant, buttons.find)
    assert stored(tenant) == []
