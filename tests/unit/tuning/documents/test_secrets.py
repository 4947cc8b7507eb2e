"""What is a secret is found, and what only looks like one is not."""

import pytest

from tuning.documents.secrets import find_secrets
from tuning.domain.inspection import SecretKind


@pytest.mark.parametrize(
    ("text", "kind", "secret"),
    [
        ("Pay to DE89 3704 0044 0532 0130 00 by May.", SecretKind.ACCOUNT, "DE89 3704 0044 0532 0130 00"),
        ("IBAN GB82WEST12345698765432", SecretKind.ACCOUNT, "GB82WEST12345698765432"),
        ("The card 4111 1111 1111 1111 is the team's.", SecretKind.CARD, "4111 1111 1111 1111"),
        ("Her number is 078-05-1120.", SecretKind.PERSON, "078-05-1120"),
        ("The Wi-Fi password is: Tern4Kite.", SecretKind.PASSWORD, "Tern4Kite"),
        ("Das Passwort lautet `Moewe77!` und", SecretKind.PASSWORD, "Moewe77!"),
        ("key AKIAIOSFODNN7EXAMPLE", SecretKind.KEY, "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_a_secret_is_found_where_it_stands(text, kind, secret):
    [found] = find_secrets(text)
    assert (found.kind, found.text) == (kind, secret)
    assert text[found.start :].startswith(secret)


@pytest.mark.parametrize(
    "text",
    [
        "Pay to DE89 3704 0044 0532 0130 01 by May.",
        "The order 4111 1111 1111 1112 has come.",
        "The password is changed every 90 days.",
        "Call 0800 9021 or 030-12-45678.",
        "Room 000-12-3456, on 2026-01-31 at 14:30.",
    ],
)
def test_what_only_looks_like_one_is_none(text):
    assert list(find_secrets(text)) == []
