"""When a bot is safe to start."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import Settings, objections_to_serving


@pytest.fixture(autouse=True)
def _without_a_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def test_without_an_app_id_the_bot_refuses_to_start():
    assert "ATTUNE_APP_ID" in objections_to_serving(Settings())[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_development_is_for_loopback(host: str):
    assert objections_to_serving(Settings(development=True, host=host)) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.4", "attune.example"])
def test_development_is_never_for_an_address_that_others_reach(host: str):
    assert "ATTUNE_HOST" in objections_to_serving(Settings(development=True, host=host))[0]


def test_a_complete_registration_is_safe_on_any_address():
    settings = Settings(host="0.0.0.0", app_id="a", app_password=SecretStr("b"), tenant_id="c")
    assert objections_to_serving(settings) == []


def test_a_managed_identity_takes_the_place_of_the_secret():
    assert objections_to_serving(Settings(app_id="a", app_managed_identity=True, tenant_id="c")) == []


def test_acting_for_people_takes_a_registration_of_the_bots_own_and_an_address():
    whole: dict[str, Any] = {
        "app_id": "a",
        "app_password": SecretStr("b"),
        "tenant_id": "c",
        "public_url": "https://x.example",
    }
    assert objections_to_serving(Settings(**whole, sign_in=True)) == []
    assert Settings(**whole, sign_in=True).for_people is not None
    assert Settings(**whole).for_people is None
    assert Settings(development=True, sign_in=True).for_people is None
    assert "unset it" in objections_to_serving(Settings(development=True, sign_in=True))[0]
    (objection,) = objections_to_serving(Settings(**{**whole, "public_url": ""}, sign_in=True))
    assert "ATTUNE_PUBLIC_URL" in objection
    (objection,) = objections_to_serving(Settings(**whole, app_managed_identity=True, sign_in=True))
    assert "managed identity" in objection


def test_a_certificate_signs_in_where_it_is_the_bots_own_registrations(tmp_path):
    known: dict[str, Any] = {
        "app_id": "a",
        "tenant_id": "c",
        "sign_in": True,
        "graph_certificate": tmp_path / "attune.pem",
    }
    for client_id, expected in (("a", tmp_path / "attune.pem"), ("another", None)):
        registration = Settings(**known, graph_client_id=client_id).for_people
        assert registration is not None
        assert registration.certificate == expected


def test_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTUNE_SERVICE_URL_HOSTS", "one.example, two.example")
    assert Settings().service_url_hosts == ("one.example", "two.example")


def test_a_wrong_value_names_the_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ATTUNE_PORT", "99999")
    with pytest.raises(ValidationError, match="port"):
        Settings()


def test_settings_cannot_change_while_running():
    with pytest.raises(ValidationError):
        Settings().port = 1
