"""What the trained model is asked about itself once it is served: values that go to a child process and come back."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tuning.domain.evaluations import Variant
from tuning.domain.prompts import Message
from tuning.languages import mark


class SecretKind(StrEnum):
    """What a string is."""

    ACCOUNT = "account"
    CARD = "card"
    PERSON = "person"
    PASSWORD = "password"  # noqa: S105 - the kind, not one of it
    KEY = "key"


KINDS = {
    SecretKind.ACCOUNT: mark("an account number"),
    SecretKind.CARD: mark("a card number"),
    SecretKind.PERSON: mark("a person's number"),
    SecretKind.PASSWORD: mark("a password"),
    SecretKind.KEY: mark("an access key"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One hold-out example as the candidate was asked it, with what the engine answered."""

    messages: list[Message]
    reference: str
    """What it should have said."""
    answer: str
    is_whole: bool
    """Whether the answer came to its end, and was not cut off for its length."""
    max_tokens: int
    """What it was cut off at."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A string of a document that nobody should learn by heart, and what stands before it."""

    kind: SecretKind
    title: str
    """The document's."""
    messages: list[Message]
    """The prompt of an example that holds it; empty: it stands in running text."""
    before: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found."""

    parity: dict[str, float]
    """As `tuning.training.parity` returns it."""
    full_precision: list[str] = field(default_factory=list)
    """What the model would have answered to each case if its base were not quantised."""
    losses: dict[Variant, list[float]] = field(default_factory=dict)
    """Nats per token of each case's reference, for candidate and base, and for the live release if there is one."""
    exposures: list[dict[str, Any]] = field(default_factory=list)
    """Of each secret: kind, title, `bits` that it is exposed by in the candidate, and whether it `is_learned`."""
