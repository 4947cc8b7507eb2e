"""Strings of documents that nobody should learn by heart: numbers of accounts, cards and people, passwords and keys.

The one door to detect-secrets (keys) and python-stdnum (numbers with check digits). A number that only its digits tell
from an order number counts as a person's where the words before it say so.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector
from stdnum import iban, luhn
from stdnum.be import nn as belgian
from stdnum.br import cpf as brazilian
from stdnum.ch import ssn as swiss
from stdnum.de import idnr as german
from stdnum.dk import cpr as danish
from stdnum.es import dni as spanish
from stdnum.es import nie as spanish_foreigners
from stdnum.fi import hetu as finnish
from stdnum.fr import nir as french
from stdnum.gb import nhs as british
from stdnum.it import codicefiscale as italian
from stdnum.nl import bsn as dutch
from stdnum.no import fodselsnummer as norwegian
from stdnum.pl import pesel as polish
from stdnum.se import personnummer as swedish
from stdnum.us import ssn as american

from tuning.domain.inspection import SecretKind


@dataclass(frozen=True, kw_only=True)
class FoundSecret:
    """A string and where it begins in the text."""

    kind: SecretKind
    start: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """A text without its secrets."""

    text: str
    counts: Mapping[SecretKind, int]
    """How many of each kind were taken out; those that were there."""


# Without the detectors that go by randomness or by words such as 'secret': in prose they find mostly nothing.
_KEYS = (
    ArtifactoryDetector(),
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    BasicAuthDetector(),
    DiscordBotTokenDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    JwtTokenDetector(),
    MailchimpDetector(),
    OpenAIDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    SquareOAuthDetector(),
    StripeDetector(),
    TelegramBotTokenDetector(),
    TwilioKeyDetector(),
)
_NPM = re.compile(r"//\S{1,200}?/:_authToken=\s{0,3}(?:npm_\w+|[A-Fa-f0-9-]{36})")
"""The library's own looks at a long line once for each of its characters."""
_REST = re.compile(r"[\w+/=-]*")
"""What may follow of a key whose pattern ends early."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b")
_SHORTEST_ACCOUNT = 15
"""Characters of an IBAN: Norway's."""
_CARD = re.compile(r"(?<![\w-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|\d{4}([ -]?)\d{6}\2\d{5})(?![\w-])")
_ISSUED = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d)\d{12}"
)
"""The numbers that Visa, Mastercard, American Express and Discover give out."""
_PASSWORD = re.compile(
    r"\b(?:password|passwort|passphrase|kennwort|api[ _-]?key|secret key|access token|pin)\b"
    r"[\"'*`]{0,3}\s{0,20}(?:(?:is|ist|lautet)\s{0,3}:?|[:=])\s{0,20}[\"'*`]{0,3}[ \t]{0,3}[\"'*`]{0,3}"
    r"(?!\d+-?(?:digit|stellig))([^\s\"'`<>|]{4,64}?)(?=[\"'`*.,;]*(?:\s|$|[<|]))",
    re.IGNORECASE,
)
_PERSONS: tuple[tuple[re.Pattern[str], ModuleType], ...] = (
    (re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), american),
    (re.compile(r"(?<![\d.])756\.\d{4}\.\d{4}\.\d{2}(?![\d.])"), swiss),
    (re.compile(r"(?<![\d.])\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?!\d)"), belgian),
    (re.compile(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b"), italian),
    (re.compile(r"(?<![\d-])\d{6}[-+A]\d{3}[A-Y](?![\w-])"), finnish),
    (re.compile(r"\b\d{8}-?[A-HJ-NP-TV-Z]\b"), spanish),
    (re.compile(r"\b[XYZ]-?\d{7}-?[A-Z]\b"), spanish_foreigners),
    (re.compile(r"(?<![\w-])[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?![\w-])"), french),
    (re.compile(r"(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)"), brazilian),
)
"""Forms that say what they are; the check digits, or the date in them, must be in order."""
_NAMED: tuple[tuple[re.Pattern[str], ModuleType], ...] = (
    (re.compile(r"(?:steuer-?id\w*|identifikationsnummer|tax id\w*)\b"), german),
    (re.compile(r"\b(?:bsn|burgerservicenummer|sofinummer)\b"), dutch),
    (re.compile(r"\bpesel\b"), polish),
    (re.compile(r"\b(?:f[øo]dselsnummer|personnummer)\b"), norwegian),
    (re.compile(r"\b(?:personnummer|personal identity number)\b"), swedish),
    (re.compile(r"\b(?:cpr|personnummer)\b"), danish),
    (re.compile(r"\b(?:hetu|henkil[öo]tunnus)\b"), finnish),
    (re.compile(r"\bnhs\b"), british),
    (re.compile(r"\bcpf\b"), brazilian),
)
"""Words that name a number of digits alone."""
_DIGITS = re.compile(r"(?<![\d.-])\d(?:[ -]?\d){8,12}(?![\d-])")
_REACH = 40
"""Characters before a number in which its name is looked for."""
_ESCAPED = re.compile(r"(?<=\w)\\([_*])(?=\w)")
_BLANKS = {0xA0: " ", 0x202F: " "}
_REMOVED = {
    SecretKind.ACCOUNT: "[account number removed]",
    SecretKind.CARD: "[card number removed]",
    SecretKind.PERSON: "[personal number removed]",
    SecretKind.PASSWORD: "[password removed]",
    SecretKind.KEY: "[access key removed]",
}
"""What stands in a secret's place: what a model is to learn in any language."""


def find_secrets(text: str) -> Iterator[FoundSecret]:
    """Give the secrets of a text, kind by kind; of numbers with check digits only those that are in order."""
    yield from _accounts(text)
    yield from _matches(SecretKind.CARD, _CARD, text, _is_card)
    yield from _persons(text)
    for match in _PASSWORD.finditer(text):
        if any(character.isdigit() for character in match[1]):
            yield FoundSecret(kind=SecretKind.PASSWORD, start=match.start(1), text=match[1])
    yield from _keys(text)


def legible(markdown: str) -> str:
    """Return markdown with its words as they are read, so that secrets are found: without escapes, all blanks alike."""
    return _ESCAPED.sub(r"\1", markdown).translate(_BLANKS)


def redact(text: str) -> Redacted:
    """Return the text with each secret replaced by what it was, and how many there were of each kind."""
    kept: list[str] = []
    counts: Counter[SecretKind] = Counter()
    at = 0
    for secret in sorted(find_secrets(text), key=lambda one: (one.start, -len(one.text))):
        if secret.start < at:  # inside the one before
            continue
        kept += [text[at : secret.start], _REMOVED[secret.kind]]
        counts[secret.kind] += 1
        at = secret.start + len(secret.text)
    return Redacted(text="".join([*kept, text[at:]]), counts=dict(counts))


def _matches(
    kind: SecretKind, pattern: re.Pattern[str], text: str, is_one: Callable[[str], bool]
) -> Iterator[FoundSecret]:
    for match in pattern.finditer(text):
        if is_one(match[0]):
            yield FoundSecret(kind=kind, start=match.start(), text=match[0])


def _accounts(text: str) -> Iterator[FoundSecret]:
    """Give the IBANs; where a word in capitals follows, what the pattern finds is longer than the number."""
    for match in _ACCOUNT.finditer(text):
        whole = match[0]
        starts = (whole[:length] for length in range(len(whole), _SHORTEST_ACCOUNT - 1, -1))
        if found := next((one for one in starts if one[-1] != " " and iban.is_valid(one)), ""):
            yield FoundSecret(kind=SecretKind.ACCOUNT, start=match.start(), text=found)


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return _ISSUED.fullmatch(digits) is not None and bool(luhn.is_valid(digits))


def _persons(text: str) -> Iterator[FoundSecret]:
    found: dict[int, FoundSecret] = {}
    for pattern, numbers in _PERSONS:
        for one in _matches(SecretKind.PERSON, pattern, text, numbers.is_valid):
            found.setdefault(one.start, one)
    for match in _DIGITS.finditer(text):
        before = text[max(0, match.start() - _REACH) : match.start()].rpartition("\n")[2].casefold()
        if any(name.search(before) and numbers.is_valid(match[0]) for name, numbers in _NAMED):
            found.setdefault(match.start(), FoundSecret(kind=SecretKind.PERSON, start=match.start(), text=match[0]))
    yield from sorted(found.values(), key=lambda one: one.start)


def _keys(text: str) -> Iterator[FoundSecret]:
    yield from _matches(SecretKind.KEY, _PRIVATE_KEY, text, bool)
    yield from _matches(SecretKind.KEY, _NPM, text, bool)
    for detector in _KEYS:
        for pattern in detector.denylist:
            for match in pattern.finditer(text):
                rest = _REST.match(text, match.end())
                end = rest.end() if rest else match.end()
                yield FoundSecret(kind=SecretKind.KEY, start=match.start(), text=text[match.start() : end])
