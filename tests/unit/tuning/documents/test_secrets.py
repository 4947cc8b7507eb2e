"""What is a secret is found, what only looks like one is not, and no text is kept with one."""

import random

import pytest

from tuning.documents.secrets import find_secrets, legible, redact
from tuning.domain.inspection import SecretKind

GITHUB = "ghp_" + "a1B2" * 9
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "kind", "secret"),
    [
        ("Pay to DE89 3704 0044 0532 0130 00 by May.", SecretKind.ACCOUNT, "DE89 3704 0044 0532 0130 00"),
        ("IBAN GB82WEST12345698765432", SecretKind.ACCOUNT, "GB82WEST12345698765432"),
        ("IBAN AT61 1904 3002 3457 3201 BIC BKAUATWW", SecretKind.ACCOUNT, "AT61 1904 3002 3457 3201"),
        ("LU28 0019 4006 4475 0000 EUR", SecretKind.ACCOUNT, "LU28 0019 4006 4475 0000"),
        ("AT611904300234573201 BIC BKAUATWW", SecretKind.ACCOUNT, "AT611904300234573201"),
        ("The card 4111 1111 1111 1111 is the team's.", SecretKind.CARD, "4111 1111 1111 1111"),
        ("Amex 3782-822463-10005", SecretKind.CARD, "3782-822463-10005"),
        ("Her number is 536-22-8726.", SecretKind.PERSON, "536-22-8726"),
        ("AHV 756.9217.0769.85", SecretKind.PERSON, "756.9217.0769.85"),
        ("RRN 85.07.30-033.28", SecretKind.PERSON, "85.07.30-033.28"),
        ("Codice fiscale RCCMNL83S18D969H", SecretKind.PERSON, "RCCMNL83S18D969H"),
        ("HETU 131052-308T", SecretKind.PERSON, "131052-308T"),
        ("DNI 54362315-K", SecretKind.PERSON, "54362315-K"),
        ("Her CPR is 211062-5629.", SecretKind.PERSON, "211062-5629"),
        ("Steuer-ID: 36 574 261 809", SecretKind.PERSON, "36 574 261 809"),
        ("BSN 111222333", SecretKind.PERSON, "111222333"),
        ("PESEL 44051401359", SecretKind.PERSON, "44051401359"),
        ("NHS number 943 476 5870", SecretKind.PERSON, "943 476 5870"),
        ("The Wi-Fi password is: Tern4Kite.", SecretKind.PASSWORD, "Tern4Kite"),
        ("Das Passwort lautet `Moewe77!` und", SecretKind.PASSWORD, "Moewe77!"),
        ("**Password:** Winter2024!", SecretKind.PASSWORD, "Winter2024!"),
        ("Password: Sum*mer2024, as always", SecretKind.PASSWORD, "Sum*mer2024"),
        ("key AKIAIOSFODNN7EXAMPLE", SecretKind.KEY, "AKIAIOSFODNN7EXAMPLE"),
        (f"Use {GITHUB} there.", SecretKind.KEY, GITHUB),
        (f"Send {JWT} along.", SecretKind.KEY, JWT),
        (
            "Set //npm.example/:_authToken=npm_Tern4Kite7Wren in .npmrc.",
            SecretKind.KEY,
            "//npm.example/:_authToken=npm_Tern4Kite7Wren",
        ),
        ("Clone https://ana:Tern4Kite@git.example/x", SecretKind.KEY, "://ana:Tern4Kite@git"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nEnd.",
            SecretKind.KEY,
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        ),
    ],
)
def test_a_secret_is_found_where_it_stands_and_taken_out(text, kind, secret):
    [found] = find_secrets(text)
    clean = redact(text)

    assert (found.kind, found.text) == (kind, secret)
    assert text[found.start :].startswith(secret)
    assert clean.counts == {kind: 1}
    assert secret not in clean.text
    assert "removed]" in clean.text
    assert redact(clean.text).text == clean.text


@pytest.mark.parametrize(
    "text",
    [
        "Pay to DE89 3704 0044 0532 0130 01 by May.",
        "The order 4111 1111 1111 1112 has come.",
        "The password is changed every 90 days.",
        "PIN: 4-digit code",
        "Call 0800 9021 or 030-12-45678.",
        "Room 000-12-3456, on 2026-01-31 at 14:30.",
        "Part 211062-5629 fits, and so does 36574261809.",
        "The export 19850713-0102.csv was written.",
        "",
    ],
)
def test_what_only_looks_like_one_is_none_and_stays_as_it_is(text):
    assert list(find_secrets(text)) == []
    assert redact(text).text == text


def test_what_markdown_escapes_or_parts_by_blanks_that_do_not_break_is_found():
    token, number = GITHUB.replace("_", r"\_"), "DE89\xa03704\xa00044\xa00532\xa00130\xa000"
    text = legible(f"Token {token}, IBAN {number}.")
    assert redact(text).text == "Token [access key removed], IBAN [account number removed]."
    assert legible(r"5 \* 3 and \_this\_") == r"5 \* 3 and \_this\_"


def test_of_several_each_is_taken_out_once_and_counted():
    clean = redact("PIN is 4711a, IBAN DE89370400440532013000, then DE89370400440532013000 again.")

    assert clean.counts == {SecretKind.PASSWORD: 1, SecretKind.ACCOUNT: 2}
    assert clean.text == (
        "PIN is [password removed], IBAN [account number removed], then [account number removed] again."
    )


def test_ordinary_numbers_are_hardly_ever_taken_for_secrets():
    chance = random.Random(7)

    def digits(count: int) -> str:
        return "".join(chance.choice("0123456789") for _ in range(count))

    texts = [
        text
        for _ in range(500)
        for text in (
            f"Order {digits(10)} was shipped with {digits(8)} and PO-2026-{digits(6)}.",
            f"Call +49 30 {digits(8)}, {digits(3)}-{digits(3)}-{digits(4)} or {digits(2)} {digits(2)} {digits(2)}.",
            f"On {chance.randint(1, 28):02}.{chance.randint(1, 12):02}.2026 it cost {digits(6)}.00.",
            f"Part {digits(6)}-{digits(4)}, invoice {digits(12)}.",
        )
    ]

    assert [text for text in texts if list(find_secrets(text))] == []
