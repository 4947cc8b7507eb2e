"""Signing people in: what Teams is asked, whose token is taken, and everything that is turned away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from bot import sign_in
from bot.commands.sign_in import ELSEWHERE, NOT_HERE, NOT_SIGNED_IN, SIGNED_IN
from bot.deliveries import TEAMS_REPEATS
from tests.fakes.microsoft365 import CLIENT, OTHER_KEY, TENANT
from tests.integration.bot.signed_in import HOST, Teams, settings_of, sign_in_card, teams_with
from tuning.domain.deliveries import Delivery

FORGED = {
    "another person's": {"person_id": "dee"},
    "another tenant's": {"tid": "00000000-0000-4000-8000-00000000000f"},
    "for another app": {"aud": "c0c0c0c0-0000-4000-8000-000000000009"},
    "for Graph": {"aud": "https://graph.microsoft.com"},
    "of another issuer": {"iss": "https://login.evil.example/v2.0"},
    "expired": {"exp": int(time.time()) - 3600},
    "without an end": {"exp": None},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "signed by somebody else": {"key": OTHER_KEY},
    "for another scope": {"scp": "User.Read"},
    "of no person": {"oid": None},
}


@pytest.fixture
async def teams(microsoft365, engine, tenant, monkeypatch) -> AsyncIterator[Teams]:
    async with teams_with(settings_of(microsoft365, engine.url), tenant, monkeypatch) as teams:
        yield teams


@pytest.fixture
async def request_id(teams: Teams) -> str:
    """What Teams was asked on behalf of Bo, who waits."""
    await teams.say("bo", "sign in")
    return str((await teams.asked())["tokenExchangeResource"]["id"])


def exchanges(microsoft365):
    return len(microsoft365.persons)


def said(text):
    return lambda sent: sent.get("text", "").startswith(text)


async def test_people_are_signed_in_with_one_exchange_however_many_clients_they_have(teams, microsoft365, request_id):
    token = microsoft365.sso_token("bo")
    answers = await asyncio.gather(*(teams.hand_over("bo", request_id, token) for _ in range(3)))
    assert answers == [(200, {"id": request_id, "connectionName": ""})] * 3
    assert (await teams.until(said("You are")))["text"] == SIGNED_IN
    assert list(microsoft365.persons.values()) == ["bo"]
    assert await teams.hand_over("bo", request_id, token) == (200, {"id": request_id, "connectionName": ""})
    assert exchanges(microsoft365) == 1


async def test_the_card_names_the_resource_and_where_to_sign_in(teams):
    await teams.say("bo", "sign in")
    card = await teams.asked()
    assert card["tokenExchangeResource"]["uri"] == f"api://{HOST}/botid-{CLIENT}"
    (button,) = card["buttons"]
    assert (button["type"], button["title"]) == ("signin", "Sign in")
    assert button["value"].startswith(f"https://{HOST}/tab/sign-in?state=")
    assert parse_qs(urlsplit(button["value"]).query)["state"] == [card["tokenExchangeResource"]["id"]]


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED.keys())
async def test_what_is_not_the_senders_own_token_is_turned_away(teams, microsoft365, request_id, caplog, claims):
    token = microsoft365.sso_token(**{"person_id": "bo", **claims})
    status, body = await teams.hand_over("bo", request_id, token)
    assert status == 412
    assert body["failureDetail"]
    assert exchanges(microsoft365) == 0
    assert (await teams.until(said("Teams has")))["text"] == NOT_SIGNED_IN
    assert "turned away" in caplog.text
    assert token not in caplog.text


async def test_what_goes_wrong_in_the_exchange_is_no_sign_in_and_quotes_nothing(
    teams, microsoft365, request_id, caplog, monkeypatch
):
    token = microsoft365.sso_token("bo")

    def fail(*_):
        raise RuntimeError(token)  # as msal does with an id token that it doesn't like

    monkeypatch.setattr("tuning.sources.graph.sign_in.AppSignIn.on_behalf_of", fail)
    assert (await teams.hand_over("bo", request_id, token))[0] == 412
    assert "RuntimeError" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "", None, 7, ["x"], {"token": "x"}])
async def test_what_is_no_token_is_turned_away(teams, microsoft365, request_id, token):
    assert (await teams.hand_over("bo", request_id, token))[0] == 412
    assert exchanges(microsoft365) == 0


async def test_only_what_was_asked_of_this_person_here_is_answered(teams, microsoft365, request_id):
    token = microsoft365.sso_token("bo")
    for made_up in ("", "x", "1.2.3.4", request_id[:-1], f"9{request_id}", request_id.replace(".", "..", 1), 7, None):
        assert (await teams.hand_over("bo", made_up, token))[0] == 412
    assert (await teams.hand_over("bo", request_id, token, scope="groupChat"))[0] == 412
    assert (await teams.hand_over("dee", request_id, microsoft365.sso_token("dee")))[0] == 412
    assert exchanges(microsoft365) == 0


async def test_what_was_asked_long_ago_is_not_answered_any_more(teams, microsoft365, monkeypatch):
    monkeypatch.setattr(sign_in, "VALID_S", -1)
    await teams.say("bo", "sign in")
    request_id = (await teams.asked())["tokenExchangeResource"]["id"]
    assert (await teams.hand_over("bo", request_id, microsoft365.sso_token("bo")))[0] == 412
    assert exchanges(microsoft365) == 0


async def test_a_recorded_exchange_that_comes_again_later_is_turned_away(teams, microsoft365, tenant, request_id):
    token = microsoft365.sso_token("bo")
    assert (await teams.hand_over("bo", request_id, token, id="recorded"))[0] == 200
    with tenant.store.transaction() as session:
        for delivery in session.exec(select(Delivery)):
            delivery.received_at -= TEAMS_REPEATS + timedelta(seconds=1)
            session.add(delivery)
    assert (await teams.hand_over("bo", request_id, token, id="recorded"))[0] == 403
    assert exchanges(microsoft365) == 1


async def test_tokens_are_in_no_log_and_not_in_the_store(teams, microsoft365, request_id, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    token = microsoft365.sso_token("bo")
    await teams.hand_over("bo", request_id, token)
    await teams.until(said("You are"))
    given = next(iter(microsoft365.persons))
    assert token not in caplog.text
    assert given not in caplog.text
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert b"sign in" in kept
    assert token.encode() not in kept
    assert given.encode() not in kept


async def test_without_consent_teams_shows_the_button_and_a_sign_in_there_is_tried_again(
    teams, microsoft365, request_id, caplog
):
    microsoft365.consented.clear()
    assert (await teams.hand_over("bo", request_id, microsoft365.sso_token("bo")))[0] == 412
    assert (await teams.until(said("Teams has")))["text"] == NOT_SIGNED_IN
    assert "an admin has to consent" in caplog.text

    after = len(teams.sent)
    microsoft365.consented.add("Files.Read.All")
    status, _ = await teams.post("bo", "invoke", name="signin/verifyState", value={"state": request_id})
    assert status == 200
    again = (await teams.asked(after=after))["tokenExchangeResource"]["id"]
    assert (await teams.hand_over("bo", again, microsoft365.sso_token("bo")))[0] == 200
    await teams.say("bo", "sign in")
    text = (await teams.until(said("You are")))["text"]
    assert text == (
        f"{SIGNED_IN}\n\nAn admin has still to consent to **Files.ReadWrite**: it puts files into your OneDrive."
    )


@pytest.mark.parametrize("value", [{"state": "CancelledByUser"}, {"state": ""}, {}, None, [], {"state": 7}])
async def test_the_end_of_a_sign_in_that_nobody_began_asks_for_nothing(teams, value):
    assert (await teams.post("bo", "invoke", name="signin/verifyState", value=value))[0] == 412
    assert teams.sent == []


@pytest.mark.parametrize("value", [{"code": "resourcematchfailed", "message": "no"}, {"code": "x\ny"}, {}, None, []])
async def test_that_teams_fails_is_logged_and_ends_the_waiting(teams, request_id, caplog, value):
    assert (await teams.post("bo", "invoke", name="signin/failure", value=value))[0] == 200
    assert (await teams.until(said("Teams has")))["text"] == NOT_SIGNED_IN
    assert "could not sign a person in" in caplog.text
    assert "x\ny" not in caplog.text


async def test_in_a_group_nobody_is_asked(teams, microsoft365):
    await teams.say("bo", "sign in", scope="groupChat")
    assert (await teams.until(said("Send me")))["text"] == ELSEWHERE
    assert all(sign_in_card(sent) is None for _chat, sent in teams.sent)


async def test_who_is_signed_in_is_not_asked_again(teams, microsoft365):
    await teams.sign_in("bo", microsoft365)
    after = len(teams.sent)
    await teams.say("bo", "sign in")
    assert (await teams.until(said("You are"), after=after))["text"] == SIGNED_IN
    assert len(teams.sent) == after + 1


async def test_the_page_leads_to_entra_and_back_and_nowhere_else(teams, microsoft365, request_id):
    async with teams.client.get(f"/tab/sign-in?state={request_id}", allow_redirects=False) as answer:
        assert answer.status == 302
        to = urlsplit(answer.headers["Location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == f"{microsoft365.url}/{TENANT}/oauth2/v2.0/authorize"
    assert {name: values[0] for name, values in parse_qs(to.query).items()} == {
        "client_id": CLIENT,
        "response_type": "code",
        "response_mode": "fragment",
        "redirect_uri": f"https://{HOST}/tab/signed-in",
        "scope": f"openid {microsoft365.url}/.default",
        "state": request_id,
    }
    for state in ("", "a%0d%0aSet-Cookie:x", "%3Cscript%3E", "x" * 300):
        async with teams.client.get(f"/tab/sign-in?state={state}", allow_redirects=False) as answer:
            assert answer.status == 404
    for path in ("/tab/signed-in", "/tab/signed-in.js"):
        async with teams.client.get(path) as answer:
            assert answer.status == 200
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_where_nobody_signs_in_it_says_so_and_takes_nothing(microsoft365, engine, tenant, monkeypatch):
    settings = settings_of(microsoft365, engine.url, sign_in=False)
    async with teams_with(settings, tenant, monkeypatch) as teams:
        await teams.say("bo", "sign in")
        assert (await teams.until(said("Attune")))["text"] == NOT_HERE
        for name in ("signin/tokenExchange", "signin/verifyState", "signin/failure"):
            value = {"id": "x", "token": microsoft365.sso_token("bo"), "state": "x"}
            assert (await teams.post("bo", "invoke", name=name, value=value))[0] == 501
        async with teams.client.get("/tab/sign-in?state=x", allow_redirects=False) as answer:
            assert answer.status == 404
        await teams.say("bo", "help")
        assert "sign in" not in (await teams.until(said("- **agents")))["text"]
    assert exchanges(microsoft365) == 0
