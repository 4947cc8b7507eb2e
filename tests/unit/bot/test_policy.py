"""The policy's form as admins use it: by its buttons and by the command."""

import pytest

from bot.card_actions.policy import save, search
from bot.card_actions.press import Press
from bot.commands.policy import POLICY
from tests.factories import keep, make_source, make_tenant
from tests.fakes.turn import FakeTurn
from tuning.domain.policy import SETTINGS
from tuning.governance import policy as governed


@pytest.fixture
def tenant(store, tmp_path):
    return make_tenant(store, tmp_path)


def pressed(person_id, **data):
    return Press(person_id=person_id, chat_id="chat", data=data)


def fields(card):
    return {node["id"]: node["value"] for node in card["body"] if "id" in node}


def button(card):
    return card["actions"][0]["data"]


def test_a_search_keeps_what_is_filled_in_and_offers_what_it_finds(tenant):
    card = search(tenant, pressed("cy", revision=0, search="bo", runs_per_day="9", tuner_ids="leads")).card
    assert card
    assert fields(card)["runs_per_day"] == "9"
    (tuners,) = [node for node in card["body"] if node.get("id") == "tuner_ids"]
    assert [choice["title"] for choice in tuners["choices"]] == ["Leads (group)", "Bo"]
    assert governed.show(tenant, "cy").runs_per_day == 20


def test_a_search_finds_sources_too_and_keeps_those_that_are_chosen(tenant):
    keep(tenant.store, *(make_source(id=f"s{one:02}", name=f"Folder {one}", location=str(one)) for one in range(40)))
    card = search(tenant, pressed("cy", revision=0, search="folder 39", source_keys="s07")).card
    assert card
    (sources,) = [node for node in card["body"] if node.get("id") == "source_keys"]
    assert {"s07", "s39"} <= {choice["value"] for choice in sources["choices"]}
    assert "s08" not in str(sources)


def test_an_emptied_list_that_the_client_leaves_out_is_empty_and_one_that_it_was_not_shown_stays(tenant):
    governed.change(tenant, "cy", {"tuner_ids": "leads", "runs_per_day": "5"}, revision=0)
    card = save(tenant, pressed("cy", revision=1, shown=len(SETTINGS) - 1, agents_per_owner="3")).card
    assert list(governed.show(tenant, "cy").tuner_ids) == ["leads"]
    assert card
    typed = {key: value for key, value in fields(card).items() if value and key not in {"tuner_ids", "search"}}
    assert "✓ Saved." in str(save(tenant, pressed("cy", **button(card), **typed)).card)
    assert (list(governed.show(tenant, "cy").tuner_ids), governed.show(tenant, "cy").agents_per_owner) == ([], 3)


def test_a_form_that_is_wrong_comes_back_as_it_was_typed(tenant):
    card = save(tenant, pressed("cy", revision=0, runs_per_day="many", agents_per_owner="3")).card
    assert {"runs_per_day": "many", "agents_per_owner": "3"}.items() <= fields(card).items()
    assert "✗ Type a whole number from 1 to 10,000." in str(card)
    assert governed.show(tenant, "cy").agents_per_owner == 10


def test_the_later_of_two_admins_sees_what_changed_and_can_save_over_it_knowingly(tenant):
    saved = save(tenant, pressed("cy", revision=0, runs_per_day="5", agents_per_owner="10")).card
    assert "✓ Saved." in str(saved)
    assert button(saved)["revision"] == 1
    late = save(tenant, pressed("dee", revision=0, runs_per_day="20", agents_per_owner="3")).card
    assert "Cy changed the policy while you had it open: Runs in 24 hours from 20 to 5." in str(late)
    again = save(tenant, pressed("dee", **button(late), **fields(late))).card
    assert "✓ Saved." in str(again)
    policy = governed.show(tenant, "dee")
    assert (policy.runs_per_day, policy.agents_per_owner, policy.revision) == (5, 3, 2)


async def test_the_command_shows_every_setting_and_changes_one(tenant):
    turn = FakeTurn(person_id="cy")
    await POLICY.run(tenant, turn, "")
    assert set(fields(turn.sent[0].card)) == {*SETTINGS, "search"}
    await POLICY.run(tenant, turn, "answers off")
    assert fields(turn.sent[1].card)["is_answering"] == "off"
    assert not governed.show(tenant, "cy").is_answering
