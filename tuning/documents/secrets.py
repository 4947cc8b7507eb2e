"""Strings of documents that nobody should learn by heart: numbers of accounts, cards and people, passwords and keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tuning.domain.inspection import SecretKind


@dataclass(frozen=True, kw_only=True)
class FoundSecret:
    """A string and where it begins in the text."""

    kind: SecretKind
    start: int
    text: str


_PATTERNS = {
    SecretKind.ACCOUNT: re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b"),
    SecretKind.CARD: re.compile(r"(?<![\d-])[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\d-])"),
    # The United States' social security number, as the administration gives them out.
    SecretKind.PERSON: re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b"),
    SecretKind.PASSWORD: re.compile(
        r"\b(?:password|passwort|passphrase|kennwort|api[ _-]?key|secret key|access token|pin)\b"
        r"[\"'*`]{0,3}\s*(?:(?:is|ist|lautet)\s*:?|[:=])\s*[\"'*`]{0,3}([^\s\"'`*<>|]{4,64}?)(?=[\"'`*.,;]*(?:\s|$|[<|]))",
        re.IGNORECASE,
    ),
    SecretKind.KEY: re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}"
        r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
    ),
}
_LEAST_CARD = 13


def find_secrets(text: str) -> Iterator[FoundSecret]:
    """Give the secrets of a text, kind by kind; of numbers with check digits only those that are in order."""
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            group = pattern.groups
            if _is_one(kind, match[group]):
                yield FoundSecret(kind=kind, start=match.start(group), text=match[group])


def _is_one(kind: SecretKind, text: str) -> bool:
    match kind:
        case SecretKind.ACCOUNT:
            plain = text.replace(" ", "")
            return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1  # ISO 13616
        case SecretKind.CARD:
            digits = [int(character) for character in text if character.isdigit()]
            doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
            return len(digits) >= _LEAST_CARD and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0  # ISO/IEC 7812
        case SecretKind.PASSWORD:
            return any(character.isdigit() for character in text)
        case _:
            return True
