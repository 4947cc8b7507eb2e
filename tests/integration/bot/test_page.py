"""The page of usage over HTTP: who gets in, what they see, and what a browser is told to refuse."""

import csv
import io
import logging
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr
from sqlmodel import select

from bot.app import make_app
from bot.settings import Settings
from tests.factories import keep, make_agent, make_answer
from tests.fakes.entra import APP_ID, HOST, OTHER_KEY, TENANT_ID, FakeEntra
from tuning.domain.audit import AuditEvent, Tag
from tuning.domain.fields import now
from tuning.domain.policy import Policy
from tuning.governance import feedback
from tuning.governance import usage as governed
from tuning.store import usage

NASTY = '=<img src=x onerror="alert(1)">&'


@pytest.fixture
def entra() -> Iterator[FakeEntra]:
    with FakeEntra() as entra:
        yield entra


@pytest.fixture
async def client(entra, engine, asked) -> AsyncIterator[TestClient[Any, Any]]:
    settings = Settings(
        app_id=APP_ID,
        app_password=SecretStr("made-up"),
        tenant_id=TENANT_ID,
        public_url=f"https://{HOST}",
        login_url=entra.url,
        engine_url=engine.url,
        admin_group="admins",
    )
    async with TestClient(TestServer(make_app(settings, asked))) as client:
        yield client


@pytest.fixture
def asked(tenant):
    """Bo has asked Ana's agent, and Dee one of Cy's with a name that no page and no spreadsheet likes."""
    keep(tenant.store, make_agent(id="other", name=NASTY, owner_id="cy"))
    for number, person_id, agent_id in ((2, "dee", "other"), (1, "bo", "agent"), (0, "bo", "agent")):
        answer = make_answer(
            id=str(number),
            conversation_id=person_id,
            person_id=person_id,
            agent_id=agent_id,
            release_id="release",
            question="Is <b>leave</b> paid?",
            asked_at=now() - timedelta(days=number),
            seconds=1.5,
            is_declined=True,
        )
        with tenant.store.transaction() as session:
            session.add(answer)
            usage.asked(session, answer)
            usage.answered(session, answer)
    return tenant


async def get(client, path, token="", **headers):
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with client.get(path, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers


class Elements(HTMLParser):
    """What a browser makes of markup."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.words = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}

    def handle_data(self, data):
        self.words.append(data)


async def test_admins_see_all_and_owners_their_own(client, entra):
    status, everything, _headers = await get(client, "/tab/usage", entra.token("cy"))
    assert status == 200
    assert ">Travel</button>" in everything
    assert "&lt;img" in everything
    status, own, _headers = await get(client, "/tab/usage?days=365", entra.token("ana"))
    assert status == 200
    assert ">Travel</button>" in own
    assert "&lt;img" not in own
    one = (await get(client, "/tab/usage?agent=agent&days=7", entra.token("ana")))[1]
    assert "Usage of Travel" in one
    assert "release 1" in one


class Figures(HTMLParser):
    """The figures behind each chart of a page, by its title, row by row."""

    def __init__(self):
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._title, self._within = "", ""

    def handle_starttag(self, tag, attrs):
        self._within = tag
        if tag == "figcaption":
            self._title = ""
        if tag == "tr" and self._title in self.rows:
            self.rows[self._title].append([])

    def handle_endtag(self, tag):
        self._within = ""
        if tag == "figcaption":
            self.rows[self._title] = []
        if tag == "figure":
            self._title = ""

    def handle_data(self, data):
        if self._within == "figcaption":
            self._title += data
        if self._within in {"th", "td"} and self._title in self.rows:
            self.rows[self._title][-1].append(data)


def values(told: str, title: str) -> list[list[str]]:
    """Return what each step of a chart says, its series side by side."""
    read = Figures()
    read.feed(told)
    return [row[1:] for row in read.rows[title][1:]]


async def test_people_conversations_corrections_and_topics_have_charts_with_their_figures(client, entra, asked):
    feedback.give(asked, "bo", "1", correction="Yes, it is.")
    keep(asked.store, Policy(is_naming_people=True))
    week = (await get(client, "/tab/usage?agent=agent&days=7", entra.token("ana")))[1]
    assert values(week, "People a day") == [["0"]] * 5 + [["1"], ["1"]]
    assert values(week, "Conversations begun a day") == [["0"]] * 5 + [["1"], ["0"]]
    assert values(week, "Corrections a day") == [["0"]] * 5 + [["1"], ["0"]]
    by_topic = values(week, "Questions that the documents didn't answer, by topic")
    assert by_topic == [["0"]] * 5 + [["1"], ["1"]]
    months = (await get(client, "/tab/usage?days=90", entra.token("cy")))[1]
    people = values(months, "People a day, on average of each week; who asks two agents counts at each")
    assert people[-1] == ["0.4", "0.3", "0.1"]
    assert people[:-1] == [["0.0"] * 3] * 12


async def test_topics_are_drawn_from_the_first_day_of_which_all_questions_were_grouped(
    client, entra, asked, monkeypatch
):
    title, path = "Questions that the documents didn't answer, by topic", "/tab/usage?agent=agent&days=7"
    keep(asked.store, Policy(is_naming_people=True))
    monkeypatch.setattr(governed, "MAX_DECLINED", 2)
    assert values((await get(client, path, entra.token("ana")))[1], title) == [["—"]] * 6 + [["1"]]
    monkeypatch.setattr(governed, "MAX_DECLINED", 1)
    told = (await get(client, path, entra.token("ana")))[1]
    assert "What the documents didn't say" in told
    assert title not in told


async def test_what_people_wrote_is_never_markup(client, entra, asked):
    keep(asked.store, Policy(is_naming_people=True))
    told = (await get(client, "/tab/usage", entra.token("cy")))[1]
    read = Elements()
    read.feed(told)
    assert "Is <b>leave</b> paid?" in read.words
    assert NASTY in read.words
    assert {"button", "svg", "table"} <= read.tags
    assert not read.tags & {"img", "b", "script"}
    assert not [name for name in read.attributes if name.startswith("on")]


@pytest.mark.parametrize("query", ["bo?", "bo?agent=agent", "gus?", "ana?agent=other"])
@pytest.mark.parametrize("path", ["/tab/usage", "/tab/usage/days.csv", "/tab/usage/people.csv"])
async def test_who_may_see_nothing_reads_what_the_command_says_and_it_is_audited(client, entra, asked, query, path):
    person_id, _, agent = query.partition("?")
    status, told, _headers = await get(client, f"{path}?{agent}", entra.token(person_id))
    assert status == 403
    assert "Only the agent" in told
    assert "owner or an admin" in told
    with asked.store.reading() as session:
        refused = session.exec(select(AuditEvent).where(AuditEvent.tag == Tag.ACCESS_REFUSED)).all()
    assert [one.actor_id for one in refused] == [person_id]


async def test_somebody_who_is_not_in_the_directory_is_refused(client, entra):
    status, told, _headers = await get(client, "/tab/usage", entra.token("nobody"))
    assert status == 403
    assert "directory" in told


async def test_files_hold_what_the_person_may_see_and_no_formula(client, entra):
    async def rows(path, person_id):
        status, told, headers = await get(client, path, entra.token(person_id), **{"Accept-Language": "de"})
        assert status == 200
        assert headers["Content-Disposition"].startswith('attachment; filename="usage-')
        assert headers["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(told.removeprefix("\ufeff"))))

    everything = await rows("/tab/usage/days.csv?days=30", "cy")
    assert {row["agent"] for row in everything} == {"Travel", f"'{NASTY}"}
    own = await rows("/tab/usage/days.csv?days=30", "ana")
    assert [(row["agent"], row["release"], row["questions"]) for row in own] == [("Travel", "release 1", "1")] * 2
    (asker,) = await rows("/tab/usage/people.csv?days=30", "ana")
    assert asker["person"].startswith("person ")


async def test_german_is_spoken_to_those_who_want_it(client, entra):
    told = (await get(client, "/tab/usage", entra.token("cy"), **{"Accept-Language": "de-AT,en;q=0.5"}))[1]
    assert "Unterhaltungen" in told
    assert "Conversations" not in told
    assert '<html lang="de">' in (await get(client, "/tab", **{"Accept-Language": "de"}))[1]


@pytest.mark.parametrize("query", ["days=0", "days=8", "days=-7", "days=x", "days=7&days=8&agent=" + "x" * 5000])
async def test_an_address_that_nobody_wrote_gets_a_sentence(client, entra, query):
    status, told, _headers = await get(client, f"/tab/usage?{query}", entra.token("cy"))
    assert status in {400, 403}
    assert "<p" in told


SECRET = "a-secret-of-the-forger-that-is-long-enough"
PUBLIC_PEM = OTHER_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
FORGED = {
    "another signature": {"key": OTHER_KEY},
    "an unknown key": {"kid": "unknown"},
    "no key id": {"kid": None},
    "HS256": {"key": SECRET, "alg": "HS256"},
    "no algorithm": {"key": None, "alg": "none"},
    "RS512": {"alg": "RS512"},
    "expired": {"exp": int(time.time()) - 3600},
    "without an end": {"exp": None},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "for another app": {"aud": "00000003-0000-0000-c000-000000000000"},
    "for another host": {"aud": f"api://evil.example/botid-{APP_ID}"},
    "without an audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example/v2.0"},
    "without an issuer": {"iss": None},
    "the issuer of another tenant": {"iss": "https://sts.windows.net/11111111-0000-4000-8000-000000000003/"},
    "another tenant": {"tid": "11111111-0000-4000-8000-000000000003"},
    "without a tenant": {"tid": None},
    "another scope": {"scp": "User.Read"},
    "a scope that only begins so": {"scp": "access_as_user_or_not"},
    "an app and no person": {"scp": None, "roles": ["access_as_user"]},
    "without a person": {"oid": None},
    "no text for a person": {"oid": ["cy"]},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_a_token_that_proves_nothing_is_turned_away(client, entra, caplog, forged):
    token = entra.token("cy", **forged)
    status, told, _headers = await get(client, "/tab/usage", token)
    assert status == 401
    assert "Traceback" not in told
    assert "Travel" not in told
    assert token not in caplog.text
    assert token.split(".")[1] not in caplog.text


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer a.b.c", "Basic Y3k6", "Page :", "Page cy:", "Bearer cy", "cy"]
)
async def test_what_is_no_token_is_turned_away(client, header):
    for path in ("/tab/usage", "/tab/usage/days.csv", "/tab/usage/people.csv"):
        assert (await get(client, path, Authorization=header))[0] == 401


@pytest.mark.parametrize(
    "genuine",
    [
        {},
        {"aud": f"api://{HOST}/botid-{APP_ID}"},
        {"iss": f"https://sts.windows.net/{TENANT_ID}/", "aud": f"api://{HOST}/botid-{APP_ID}"},
        {"scp": "openid access_as_user"},
    ],
)
async def test_tokens_of_both_versions_are_taken(client, entra, genuine):
    assert (await get(client, "/tab/usage", entra.token("cy", **genuine)))[0] == 200


async def test_no_token_is_taken_from_an_address(client, entra):
    token = entra.token("cy")
    for query in (f"token={token}", f"access_token={token}", f"Authorization=Bearer+{token}"):
        assert (await get(client, f"/tab/usage?{query}"))[0] == 401


async def test_keys_are_kept_and_new_ones_are_looked_up(client, entra, monkeypatch):
    for _ in range(3):
        assert (await get(client, "/tab/usage", entra.token("cy")))[0] == 200
    assert entra.asked == [f"/{TENANT_ID}/v2.0/.well-known/openid-configuration", "/keys"]
    assert (await get(client, "/tab/usage", entra.token("cy", kid="fresh")))[0] == 401
    assert len(entra.asked) == 2
    monkeypatch.setattr("bot.signing_keys.UNKNOWN_KEY_PAUSE_S", 0.0)
    entra.key_ids[:] = ["known", "fresh"]
    assert (await get(client, "/tab/usage", entra.token("cy", kid="fresh")))[0] == 200


async def test_without_the_keys_nobody_gets_in(client, entra):
    token = entra.token("cy")
    entra.__exit__()
    assert (await get(client, "/tab/usage", token))[0] == 401
    entra.__enter__()


async def test_a_browser_is_told_to_run_nothing_else_and_to_keep_nothing(client, entra):
    for path, token in (("/tab", ""), ("/tab/usage", entra.token("cy")), ("/tab/usage", "x"), ("/tab/page.js", "")):
        headers = (await get(client, path, token))[2]
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert (
            "frame-ancestors https://teams.microsoft.com https://*.teams.microsoft.com https://*.cloud.microsoft"
            in policy
        )
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == ("no-cache" if path.endswith(".js") else "no-store")
    body = (await get(client, "/tab"))[1] + (await get(client, "/tab/usage", entra.token("cy")))[1]
    assert "style=" not in body
    assert "onclick" not in body
    assert "<script>" not in body


async def test_no_line_of_the_log_holds_a_token(client, entra, caplog):
    caplog.set_level(logging.DEBUG)
    good, bad = entra.token("cy"), entra.token("cy", key=OTHER_KEY)
    for token in (good, bad):
        await get(client, "/tab/usage", token)
    assert not any(part in caplog.text for token in (good, bad) for part in token.split("."))


@pytest.fixture
async def development(engine, asked) -> AsyncIterator[TestClient[Any, Any]]:
    settings = Settings(
        development=True, engine_url=engine.url, admin_group="admins", page_key=SecretStr("the key of this start")
    )
    async with TestClient(TestServer(make_app(settings, asked))) as client:
        yield client


PAGE = {"Authorization": "Page cy:the key of this start"}


async def test_in_development_an_address_says_who_looks(development):
    status, told, _headers = await get(development, "/tab/usage", **PAGE)
    assert status == 200
    assert "Travel" in told
    assert (await get(development, "/tab/usage", Authorization="Page bo:the key of this start"))[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Page cy:another key"},
        {"Authorization": "Page cy"},
        {"Authorization": "Page :the key of this start"},
        {"Authorization": "Bearer cy:the key of this start"},
        {**PAGE, "Host": "attune.example.com"},
        {**PAGE, "Host": "127.0.0.1.evil.example"},
        {**PAGE, "Host": "[::1"},
        {**PAGE, "X-Forwarded-For": "10.0.0.4"},
        {**PAGE, "Forwarded": "for=10.0.0.4"},
        {**PAGE, "X-Real-IP": "10.0.0.4"},
        {**PAGE, "Via": "1.1 proxy"},
    ],
)
async def test_in_development_nobody_gets_in_from_elsewhere_or_without_the_key(development, headers):
    assert (await get(development, "/tab/usage", **headers))[0] in {400, 401}


async def test_in_development_a_request_from_another_machine_is_turned_away(development, monkeypatch):
    monkeypatch.setattr("aiohttp.web.BaseRequest.remote", property(lambda self: "10.0.0.4"))
    assert (await get(development, "/tab/usage", **PAGE))[0] == 401
    assert (await get(development, "/metrics"))[0] == 404


async def test_without_a_key_of_this_start_there_is_no_page_in_development(engine, asked):
    settings = Settings(development=True, engine_url=engine.url, admin_group="admins")
    async with TestClient(TestServer(make_app(settings, asked))) as client:
        assert (await get(client, "/tab/usage", Authorization="Page cy:"))[0] == 401


async def test_where_the_app_is_registered_no_address_says_who_looks_even_in_development(entra, engine, asked):
    settings = Settings(
        development=True,
        app_id=APP_ID,
        tenant_id=TENANT_ID,
        login_url=entra.url,
        engine_url=engine.url,
        admin_group="admins",
        page_key=SecretStr("the key of this start"),
    )
    async with TestClient(TestServer(make_app(settings, asked))) as client:
        assert (await get(client, "/tab/usage", **PAGE))[0] == 401
        assert (await get(client, "/tab/usage", entra.token("cy")))[0] == 200


async def test_the_library_of_teams_is_served_where_set_up_put_it(engine, asked, tmp_path):
    file = tmp_path / "node_modules/@microsoft/teams-js/dist/umd/MicrosoftTeams.min.js"
    settings = Settings(development=True, engine_url=engine.url, admin_group="admins", teams_library=tmp_path)
    async with TestClient(TestServer(make_app(settings, asked))) as client:
        assert (await get(client, "/tab/teams.js"))[0] == 404
        file.parent.mkdir(parents=True)
        file.write_text("'it is there'")
        status, told, headers = await get(client, "/tab/teams.js")
        assert (status, told) == (200, "'it is there'")
        assert headers["X-Content-Type-Options"] == "nosniff"
